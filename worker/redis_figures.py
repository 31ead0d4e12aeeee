"""The figures that Redis holds: who works, and what has not been taken from the queues."""

from __future__ import annotations

from collections import Counter

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.jobs.register import crew
from worker.families import Figure

PATIENCE_SECONDS = 0.5
STATES = ("idle", "busy", "suspended")  # these are told though nobody is in them


class RedisFigures:
    """Reads by a client that is kept."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(
            redis_url,
            socket_connect_timeout=PATIENCE_SECONDS,
            socket_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 1),  # a server that was restarted costs no scrape
        )

    def read(self) -> list[Figure]:
        """Return the figures; raise RedisError when Redis does not answer. Who has stopped beating counts no more."""
        register = crew(self._redis)
        states = Counter(worker.state for worker in register if worker.state != "silent")
        queues = sorted({queue for worker in register for queue in worker.queues})
        return [
            *(Figure("workers", state, "", states[state]) for state in sorted({*STATES, *states})),
            *(Figure("queue_messages", queue, "", length) for queue, length in self._lengths(queues)),
        ]

    def close(self) -> None:
        self._redis.close()

    def _lengths(self, queues: list[str]) -> list[tuple[str, int]]:
        with self._redis.pipeline(transaction=False) as pipe:
            for queue in queues:
                pipe.llen(f"rq:queue:{queue}")
            return list(zip(queues, pipe.execute(), strict=True))
