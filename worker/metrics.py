"""/metrics: read when it is asked for, so that no fork and no restart of ours forgets anything."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterable, Sequence

from prometheus_client import Metric, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from redis import RedisError

from core.settings import Settings
from worker.families import Figure, metrics
from worker.ledger_figures import LedgerFigures
from worker.redis_figures import RedisFigures

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Metrics:
    """Scrapes the tables and Redis; without Redis the ledger's figures are told all the same."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.metrics_token
        self._ledger = LedgerFigures(settings.database_url)
        self._redis = RedisFigures(settings.redis_url)

    def may_read(self, authorization: str) -> bool:
        """Say whether this header holds the token; the answer takes as long however much of it is right."""
        wanted = f"Bearer {self._token}".encode()
        return self._token is None or hmac.compare_digest(authorization.encode("latin-1", "replace"), wanted)

    def text(self) -> bytes:
        """Write the metrics in Prometheus' format. Raises psycopg.Error while PostgreSQL is away."""
        began = time.perf_counter()
        figures = self._ledger.read()
        figures += self._of_redis(figures)
        figures.append(Figure("scrape_seconds", "", "", time.perf_counter() - began))
        return generate_latest(_Scrape(figures))

    def close(self) -> None:
        self._ledger.close()
        self._redis.close()

    def _of_redis(self, known: Sequence[Figure]) -> list[Figure]:
        try:
            figures = self._redis.read()
        except RedisError:
            return [Figure("redis_up", "", "", 0)]
        return [*figures, *_empty_queues(known, figures), Figure("redis_up", "", "", 1)]


class _Scrape(Collector):
    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        return metrics(self._figures)


def _empty_queues(known: Sequence[Figure], figures: Sequence[Figure]) -> list[Figure]:
    """Say 0 of the queues that workers listen on and nothing waits in: no figure at all would look like a fault."""
    waiting = {figure.kind for figure in known if figure.family == "queue_depth"}
    empty = [figure.kind for figure in figures if figure.family == "queue_messages" and figure.kind not in waiting]
    return [Figure(name, queue, "", 0) for queue in empty for name in ("queue_depth", "queue_oldest")]
