"""A worker stays in the register, whatever becomes of Redis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from redis import Redis
from rq.worker import WorkerStatus

from core.jobs.listeners import listeners
from core.jobs.queues import RUN_JOB, queue_of
from worker.work import VigiaWorker, worker_on


@pytest.fixture
def worker(redis: Redis) -> Iterator[VigiaWorker]:
    """A worker in the register, as one is that waits for a message."""
    worker = worker_on(["jobs:etl"], redis)
    worker.register_birth()  # type: ignore[no-untyped-call]
    yield worker
    worker.register_death()  # type: ignore[no-untyped-call]


def test_a_register_that_was_wiped_is_told_again_by_who_waits(redis: Redis, worker: VigiaWorker) -> None:
    redis.flushall()
    worker.heartbeat()

    [listener] = listeners(redis)
    assert (listener.name, listener.queues) == (worker.name, frozenset({"jobs:etl"}))


def test_a_register_that_was_wiped_is_told_again_by_who_works(redis: Redis, worker: VigiaWorker) -> None:
    message = queue_of(redis, "jobs:etl").enqueue(RUN_JOB, "a job")
    message.started_at = datetime.now(UTC)
    execution = worker.prepare_execution(message)
    redis.flushall()
    worker.set_state(WorkerStatus.BUSY)
    worker.maintain_heartbeats(message, execution)

    [listener] = listeners(redis)
    assert (listener.queues, listener.busy) == (frozenset({"jobs:etl"}), True)


def test_a_key_that_ran_out_while_redis_hung_is_written_anew(redis: Redis, worker: VigiaWorker) -> None:
    redis.delete(worker.key)
    worker.heartbeat()

    assert [listener.queues for listener in listeners(redis)] == [{"jobs:etl"}]
    assert redis.ttl(worker.key) > 60
