"""The doorbell: RQ messages that carry only ids. A lost one is sent again, a doubled one finds nothing to claim."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

RUN_JOB = "worker.run.run_job"
RUN_PART = "worker.run.run_part"
ALLOWED = frozenset({RUN_JOB, RUN_PART})  # a worker refuses every other function
KEEP_FAILED_SECONDS = 86400


def queue_of(redis: Redis, name: str) -> Queue:
    return Queue(name, connection=redis, serializer=JSONSerializer)


def ring_job(redis: Redis, queue: str, job_id: uuid.UUID) -> None:
    """Ask a worker to split the job."""
    _send(redis, queue, [(RUN_JOB, (str(job_id),), job_message(job_id))])


def ring_parts(redis: Redis, queue: str, job_id: uuid.UUID, parts: Iterable[tuple[int, int]]) -> None:
    """Ask workers to run parts, given as (n, attempt)."""
    _send(redis, queue, [(RUN_PART, (str(job_id), n), part_message(job_id, n, attempt)) for n, attempt in parts])


def job_message(job_id: uuid.UUID) -> str:
    return f"{job_id}-split"


def part_message(job_id: uuid.UUID, n: int, attempt: int) -> str:
    """Name the message; each attempt has a name of its own, so that it is not taken for the last one."""
    return f"{job_id}-{n}-a{attempt}"


def waiting_messages(redis: Redis, queue: str) -> set[str]:
    """Read the names of the messages that nobody has taken yet."""
    return {item.decode() if isinstance(item, bytes) else item for item in redis.lrange(f"rq:queue:{queue}", 0, -1)}


def _send(redis: Redis, queue: str, messages: list[tuple[str, tuple[str | int, ...], str]]) -> None:
    if not messages:
        return
    data = [
        Queue.prepare_data(
            function,
            args=args,
            job_id=name,
            timeout=-1,  # the lease is the timeout
            result_ttl=0,
            failure_ttl=KEEP_FAILED_SECONDS,
            description=name,
        )
        for function, args, name in messages
    ]
    queue_of(redis, queue).enqueue_many(data)
