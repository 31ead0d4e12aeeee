"""The figures that Redis holds: who works, and what has not been taken from the queues."""

from __future__ import annotations

from collections import Counter

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from worker.families import Figure

PATIENCE_SECONDS = 0.5

# RQ's own names: its register of workers, a hash for each that lives a little longer than its worker, a list a queue.
WORKERS, WORKER_STATES = "rq:workers", ("idle", "busy", "suspended")


class RedisFigures:
    """Reads by a client that is kept."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(
            redis_url,
            socket_connect_timeout=PATIENCE_SECONDS,
            socket_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 1),  # a server that was restarted costs no scrape
            decode_responses=True,
        )

    def read(self) -> list[Figure]:
        """Return the figures; raise RedisError when Redis does not answer."""
        alive = self._workers()
        states = Counter(state for state, _ in alive)
        queues = sorted({name for _, names in alive for name in names.split(",") if name})
        return [
            *(Figure("workers", state, "", states[state]) for state in sorted({*WORKER_STATES, *states})),
            *(Figure("queue_messages", queue, "", length) for queue, length in self._lengths(queues)),
        ]

    def close(self) -> None:
        self._redis.close()

    def _workers(self) -> list[tuple[str, str]]:
        """Give the state and the queues of every worker that is alive."""
        keys = sorted(map(str, self._redis.smembers(WORKERS)))
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hmget(key, "state", "queues")
            return [(state, queues or "") for state, queues in pipe.execute() if state]

    def _lengths(self, queues: list[str]) -> list[tuple[str, int]]:
        with self._redis.pipeline(transaction=False) as pipe:
            for queue in queues:
                pipe.llen(f"rq:queue:{queue}")
            return list(zip(queues, pipe.execute(), strict=True))
