"""Who listens on which queue, as RQ's register in Redis has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from redis import Redis
from rq import Worker
from rq.serializers import JSONSerializer

# With each beat a worker gives its key 65 s to live, 90 when idle, every 5 s, or 15: with so little left it has been
# silent for half a minute. Told by the clock of Redis alone, for those of the machines may differ.
SILENT_BELOW_SECONDS = {True: 35, False: 55}  # busy, idle


@dataclass(frozen=True, slots=True)
class Listener:
    """One worker. One that was killed stays in the register for up to a minute and a half; see `awake`."""

    name: str
    queues: frozenset[str]
    busy: bool
    drained: bool = False  # it is there, and takes nothing new


def listeners(redis: Redis) -> Sequence[Listener]:
    """Read the register; raise RedisError when Redis is away."""
    found = Worker.all(connection=redis, serializer=JSONSerializer)
    return [
        Listener(worker.name, frozenset(worker.queue_names()), state == "busy", state == "suspended")
        for worker in found
        for state in [str(worker.get_state())]
    ]


def silent(redis: Redis, register: Sequence[Listener]) -> Sequence[Listener]:
    """Name those of the register that have stopped beating."""
    with redis.pipeline(transaction=False) as pipe:
        for listener in register:
            pipe.ttl(f"{Worker.redis_worker_namespace_prefix}{listener.name}")
        left = pipe.execute()
    return [
        listener
        for listener, seconds in zip(register, left, strict=True)
        if 0 <= seconds < SILENT_BELOW_SECONDS[listener.busy]
    ]


def awake(redis: Redis) -> Sequence[Listener]:
    """Read the register without the drained, and those that have stopped beating: who will take what is queued."""
    register = listeners(redis)
    gone = silent(redis, register)
    return [listener for listener in register if listener not in gone and not listener.drained]
