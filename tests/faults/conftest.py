"""The catalogue of faults, each injected as it says; docs/faults.md names the proof of every row.

`platform` is the real thing. Where a process of its own would prove nothing more, `here` runs the worker's own
functions in this one.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from core.container import container
from core.jobs import ledger
from core.jobs.reconcile import reconcile
from core.models import Failure, Hold, Job, Part
from core.settings import Settings
from core.stop import Stop
from tests.core.jobs.conftest import house as house
from tests.factories import people
from tests.standins.cohere import CohereStandIn
from tests.walks.conftest import Platform
from tests.walks.conftest import cohere as cohere
from tests.walks.conftest import platform as platform
from worker import cutting, parts, run


class Here:
    """A worker in this process: it does one thing at a time, exactly when the test says so."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    def add(self, count: int, **values: object) -> list[int]:
        with self.platform.sessions.begin() as session:
            return list(people(session, count, **values))

    def launch(self, kind: str = "etl.sync", **payload: object) -> uuid.UUID:
        return self.platform.launch(kind, **payload)

    def split(self, job_id: uuid.UUID) -> None:
        cutting.cut(self.platform.house, job_id)

    def work(self, job_id: uuid.UUID) -> Job:
        """Answer the doorbell of a job and of all its parts once, and return the job as it stands then."""
        run.run_job(str(job_id))
        with self.platform.sessions() as session:
            numbers = [part.n for part in ledger.parts_of(session, job_id)]
        for n in numbers:
            run.run_part(str(job_id), n)
        return self.platform.job(job_id)

    def work_on(self, job_id: uuid.UUID) -> Job:
        """Let what waits be due, and answer the doorbell again."""
        self.time_passes()
        return self.work(job_id)

    def time_passes(self) -> None:
        """Let every wait and every hold of a provider end."""
        with self.platform.sessions.begin() as session:
            session.execute(update(Part).where(Part.not_before.is_not(None)).values(not_before=func.clock_timestamp()))
            session.execute(update(Hold).values(until=func.clock_timestamp() - timedelta(seconds=1)))
        for key in self.platform.house.redis.scan_iter("limit:*"):
            self.platform.house.redis.delete(key)
        with self.platform.sessions() as session:
            reconcile(session, self.platform.house.redis)

    def points(self) -> int:
        index = self.platform.house.index
        collection = index.current("candidates")
        return index.count(collection.name, "candidate") if collection else 0

    def dead_letters(self) -> int:
        with self.platform.sessions() as session:
            return session.scalar(select(func.count()).select_from(Failure).where(Failure.status == "open")) or 0


@pytest.fixture
def here(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Here:
    monkeypatch.setattr(run, "fresh", container)  # nothing was forked: the connections that there are do
    monkeypatch.setattr(parts, "stop_requested", Stop)  # the signals of this process are pytest's
    return Here(platform)


Env = Callable[..., Settings]
__all__ = ["CohereStandIn", "Env", "Here", "Platform"]
