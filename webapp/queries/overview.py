"""All that the overview shows, read at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, defer

from core import search_check
from core.coverage import CoverageView, snapshot
from core.jobs.view import OVER, JobView, view_of
from core.models import Failure, Job
from webapp.queries.jobs import open_jobs

MOST_SHOWN = 6
FAILED_FOR = timedelta(days=1)  # how long a failed job wants attention


@dataclass(frozen=True, slots=True)
class Searched:
    """The last check of the search."""

    asked: int
    found: int
    p95_ms: float | None
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Board:
    """What there is to show; `coverage` is None before the first comparison, `searched` before the first check."""

    coverage: CoverageView | None
    causes: int
    failures: int
    open: tuple[JobView, ...]
    finished: tuple[JobView, ...]
    failed: tuple[JobView, ...]
    searched: Searched | None = None

    @property
    def revision(self) -> str:
        """Name this content: equal boards have equal names."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


def read(session: Session, alias: str) -> Board:
    causes, failures = session.execute(
        select(func.count(Failure.cause.distinct()), func.count()).where(Failure.status == "open")
    ).one()
    return Board(
        coverage=snapshot(session, alias),
        causes=causes,
        failures=failures,
        open=tuple(open_jobs(session)),
        finished=tuple(_finished(session)),
        failed=tuple(_failed(session)),
        searched=_searched(session),
    )


def _searched(session: Session) -> Searched | None:
    check = search_check.last(session)
    return Searched(check.asked, check.found, check.p95_ms, check.taken_at) if check else None


def _finished(session: Session) -> Sequence[JobView]:
    rows = select(Job).where(Job.status.in_(OVER)).options(defer(Job.payload, raiseload=True))
    return [view_of(job) for job in session.scalars(rows.order_by(Job.created_at.desc()).limit(MOST_SHOWN))]


def _failed(session: Session) -> Sequence[JobView]:
    """List the jobs that failed within a day and that nobody retried or made good with a later one of its kind."""
    later = aliased(Job)
    retried = select(later.id).where(later.retry_of == Job.id)
    made_good = select(later.id).where(
        later.kind == Job.kind,
        later.created_at > Job.created_at,
        later.status.in_(("completed", "completed_with_errors")),
    )
    rows = (
        select(Job)
        .where(Job.status == "failed", Job.created_at > func.now() - FAILED_FOR)
        .where(~retried.exists(), ~made_good.exists())
        .options(defer(Job.payload, raiseload=True))
    )
    return [view_of(job) for job in session.scalars(rows.order_by(Job.created_at.desc()).limit(3))]
