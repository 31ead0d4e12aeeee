"""The figures that PostgreSQL holds, in one statement: totals that grow with the ledger, and what is open now."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from worker.families import Figure

PATIENCE_SECONDS = 2.0

# Only what is open is counted here, from indexes that hold nothing else; what is over is in the totals.
FIGURES = """
    WITH open_jobs AS MATERIALIZED (
        SELECT id, kind, queue, status, created_at, split_at FROM jobs
        WHERE status IN ('queued', 'running', 'waiting', 'cancelling')
    ), open_parts AS MATERIALIZED (
        SELECT kind, queue, parts.status, coalesce(CASE WHEN attempt > 0 THEN rung_at END, split_at) AS since
        FROM parts JOIN open_jobs ON id = job_id WHERE parts.status IN ('queued', 'running', 'waiting')
    ), queued AS (
        SELECT queue, created_at AS since FROM open_jobs WHERE status = 'queued' AND split_at IS NULL
        UNION ALL
        SELECT queue, since FROM open_parts WHERE status = 'queued'
    )
    SELECT name, kind, label, sum(value) AS value FROM totals GROUP BY name, kind, label
    UNION ALL
    SELECT 'jobs_open', kind, status, count(*) FROM open_jobs GROUP BY kind, status
    UNION ALL
    SELECT 'parts_open', kind, status, count(*) FROM open_parts GROUP BY kind, status
    UNION ALL
    SELECT 'queue_depth', queue, '', count(*) FROM queued GROUP BY queue
    UNION ALL
    SELECT 'queue_oldest', queue, '', greatest(0, extract(epoch FROM clock_timestamp() - min(since)))
    FROM queued GROUP BY queue
    UNION ALL
    SELECT 'dead_letters', '', cause, count(*) FROM failures WHERE status = 'open' GROUP BY cause
    UNION ALL
    SELECT 'alerts', rule, '', count(*) FROM alerts WHERE cleared_at IS NULL GROUP BY rule
    UNION ALL
    SELECT 'hold', name, '', greatest(0, extract(epoch FROM until - clock_timestamp())) FROM holds
    UNION ALL
    SELECT 'coverage', alias, state, (figures ->> state)::float8
    FROM coverage, unnest(ARRAY['eligible', 'indexed', 'missing', 'stale', 'failed', 'orphaned']) AS state
    WHERE figures ->> state IS NOT NULL
    UNION ALL
    SELECT 'coverage_points', alias, '', (figures ->> 'points')::float8 FROM coverage
    WHERE figures ->> 'points' IS NOT NULL
    UNION ALL
    SELECT 'coverage_age', alias, '', greatest(0, extract(epoch FROM clock_timestamp() - checked_at)) FROM coverage
"""


class LedgerFigures:
    """Reads by one connection that is kept; a server that was restarted costs no scrape."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url.replace("+psycopg", "")
        self._connection: psycopg.Connection | None = None
        self._turn = threading.Lock()

    def read(self) -> list[Figure]:
        """Return all figures within PATIENCE_SECONDS; raise psycopg.Error when the database does not answer."""
        if not self._turn.acquire(timeout=PATIENCE_SECONDS):
            raise psycopg.OperationalError("another scrape still waits for the database")
        try:
            if self._connection is not None:
                with suppress(psycopg.OperationalError):
                    return self._ask(self._connection)
                self._connection.close()
            self._connection = _connect(self._url)
            return self._ask(self._connection)
        finally:
            self._turn.release()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _ask(self, connection: psycopg.Connection) -> list[Figure]:
        with _patience(connection):
            return [Figure(*row) for row in connection.execute(FIGURES)]


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(
        url,
        autocommit=True,
        application_name="vigia-ops",
        connect_timeout=int(PATIENCE_SECONDS),
        prepare_threshold=None,  # a plan made while the tables were small would be kept
    )


@contextmanager
def _patience(connection: psycopg.Connection) -> Iterator[None]:
    """Hang up when the server is frozen: nobody else would end that wait."""
    line = socket.socket(fileno=os.dup(connection.fileno()))
    timer = threading.Timer(PATIENCE_SECONDS, _hang_up, [line])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        line.close()


def _hang_up(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
