"""A job that nobody works on: a test moves it, as often and as far as it wants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis
from sqlalchemy.orm import Session

from core.db import engine_for
from core.jobs import live
from core.jobs.view import view_of
from core.models import Job, Part
from tests.walks.browsing import Running
from tests.webapp.factories import make_job, make_part

TOTAL = 200
STEPS = ("extract", "embed", "index")


class ByHand:
    """One running job of one part, whose lease holds longer than any test."""

    def __init__(self, session: Session, redis: Redis, **values: Any) -> None:
        self._session = session
        self._redis = redis
        now = datetime.now(UTC)
        times = {"created_at": now, "split_at": now, "started_at": now}
        self.job: Job = make_job(session, status="running", total=TOTAL, **(times | values))
        held = {"status": "running", "lease_until": now + timedelta(hours=1), "claimed_at": now, "started_at": now}
        self._part: Part = make_part(session, self.job, list(range(TOTAL)), attempt=1, **held)
        self.move(0)

    def move(self, done: int, status: str = "running", **values: Any) -> None:
        """Say in ledger and live copy how far it is."""
        step = {"status": status.replace("completed", "done"), "total": TOTAL, "done": done, "skipped": 0, "failed": 0}
        values |= {"done": done, "status": status, "steps": [{"name": name, **step} for name in STEPS]}
        for name, value in (values | {"updated_at": datetime.now(UTC)}).items():
            setattr(self.job, name, value)
        self._part.done, self._part.status = done, step["status"]
        self._session.commit()
        live.publish(self._redis, view_of(self.job, [self._part]))

    def end(self) -> None:
        self.move(TOTAL, "completed", finished_at=datetime.now(UTC))


@contextmanager
def by_hand(stack: Running, **values: Any) -> Iterator[ByHand]:
    """Launch one; it is over in the end."""
    engine = engine_for(stack.database_url)
    try:
        with Redis.from_url(stack.redis_url) as redis, Session(engine, expire_on_commit=False) as session:
            job = ByHand(session, redis, **values)
            try:
                yield job
            finally:
                if job.job.finished_at is None:
                    job.end()
    finally:
        engine.dispose()
