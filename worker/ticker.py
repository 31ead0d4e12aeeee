"""`python -m worker.ticker`: what must happen by the clock, by one leader however many tickers there are."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import suppress
from datetime import datetime

import structlog
from redis import RedisError
from sqlalchemy import Connection, Select, func, select
from sqlalchemy.exc import SQLAlchemyError

from core import coverage
from core.container import Container, container
from core.errors import AppError, JobError
from core.jobs import history
from core.jobs.orders import Sweep
from core.jobs.reconcile import reconcile
from core.logs import configure
from core.models import Job
from core.models.job import NOT_OVER
from core.pipeline.plan import RECORD_KIND
from core.settings import settings
from core.stop import Stop
from worker.alerting import Alerting
from worker.checking import Checking

log = structlog.get_logger(__name__)

LEADER = 7274003  # advisory lock
TICK_SECONDS = 2.0
FRESH_SECONDS = 4.0  # coverage, while jobs run
IDLE_SECONDS = 30.0  # coverage, when nothing moves
LATEST = 50
FORGET_SECONDS = 3600.0


class Ticker:
    """Reconciles every two seconds, and keeps the coverage fresh in at most a fifth of its time."""

    def __init__(self, house: Container) -> None:
        self.house = house
        self._sweep = Sweep()
        self._next_coverage = 0.0
        self._next_forgetting = 0.0
        self._were_busy = False
        self._last_end: datetime | None = None

    def tick(self) -> None:
        with self.house.sessions() as session:
            reconcile(session, self.house.redis)
            with suppress(RedisError):
                self._sweep.sweep(session, self.house.redis)
        self._coverage()
        self._forget()

    def _forget(self) -> None:
        """Look once an hour, and at each tick while there is more to forget."""
        days = self.house.settings.history_days
        if days is None or time.monotonic() < self._next_forgetting:
            return
        with self.house.sessions() as session:
            forgotten = history.forget(session, days)
        self._next_forgetting = time.monotonic() + (0 if forgotten == history.MOST else FORGET_SECONDS)

    def _coverage(self) -> None:
        with self.house.sessions() as session:
            open_jobs = select(Job.id).where(Job.status.in_(NOT_OVER))
            busy = session.execute(open_jobs.limit(1)).first() is not None
            last_end = session.scalar(_last_end())
        # The last figures of a job are shown at once, also of one that began and ended between two ticks.
        ended = not busy and (self._were_busy or last_end != self._last_end)
        self._were_busy, self._last_end = busy, last_end
        if time.monotonic() < self._next_coverage and not ended:
            return
        began = time.monotonic()
        try:
            self._compare()
        except JobError as error:
            log.warning("coverage_not_checked", error=str(error))
        took = time.monotonic() - began
        self._next_coverage = time.monotonic() + max(FRESH_SECONDS - TICK_SECONDS if busy else IDLE_SECONDS, 4 * took)

    def _compare(self) -> None:
        alias = self.house.settings.collection
        collection = self.house.index.current(alias)
        points = self.house.index.count(collection.name, RECORD_KIND) if collection else None
        with self.house.sessions() as session:
            coverage.check(session, alias, collection, points)


def _last_end() -> Select[datetime | None]:
    """Ask when a job ended last, of the latest ones: others were seen while they ran."""
    latest = select(Job.finished_at).order_by(Job.created_at.desc(), Job.id.desc()).limit(LATEST).subquery()
    return select(func.max(latest.c.finished_at))


def main() -> int:
    try:
        configure(settings())
        house = container()
    except AppError as error:
        print(f"vigia ticker: {error}", file=sys.stderr)  # noqa: T201  (before there is a log)
        return 2
    stop = Stop()
    stop.told_by(signal.SIGTERM, signal.SIGINT)
    while not stop.is_set():
        try:
            with house.engine.connect() as connection:
                if _lead(connection):
                    _tick_until(stop, Ticker(house), connection)
        except (SQLAlchemyError, RedisError) as error:
            log.warning("ticker_waits", error=type(error).__name__)
        stop.wait(TICK_SECONDS)
    return 0


def _lead(connection: Connection) -> bool:
    """Become the leader for as long as this connection lives; False while another one is."""
    leads: bool = connection.execute(select(func.pg_try_advisory_lock(LEADER))).scalar_one()
    connection.commit()
    return leads


def _tick_until(stop: Stop, ticker: Ticker, connection: Connection) -> None:
    log.info("ticker_leads")
    with Alerting(ticker.house), Checking(ticker.house):
        while not stop.is_set():
            connection.execute(select(1))  # raises when the lock is gone with its connection
            connection.commit()
            ticker.tick()
            stop.wait(TICK_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
