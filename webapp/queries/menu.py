"""The two figures that the menu shows on every page."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Failure, Job
from core.models.job import NOT_OVER


class Counts(NamedTuple):
    """Jobs that are not over, failures that are open; counted up to a thousand."""

    jobs: int
    failures: int


MOST = 1000


def counts(session: Session) -> Counts:
    jobs = select(Job.id).where(Job.status.in_(NOT_OVER)).limit(MOST).subquery()
    failures = select(Failure.id).where(Failure.status == "open").limit(MOST).subquery()
    both = (select(func.count()).select_from(rows).scalar_subquery() for rows in (jobs, failures))
    return Counts(*session.execute(select(*both)).one())
