"""Who listens on which queue, as RQ's register in Redis has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from redis import Redis
from rq import Worker
from rq.serializers import JSONSerializer


@dataclass(frozen=True, slots=True)
class Listener:
    """One worker. One that was killed stays in the register for up to a minute and a half."""

    name: str
    queues: frozenset[str]
    busy: bool


def listeners(redis: Redis) -> Sequence[Listener]:
    """Read the register; raise RedisError when Redis is away."""
    found = Worker.all(connection=redis, serializer=JSONSerializer)
    return [
        Listener(worker.name, frozenset(worker.queue_names()), str(worker.get_state()) == "busy") for worker in found
    ]
