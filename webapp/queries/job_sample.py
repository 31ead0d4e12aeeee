"""Some jobs, evenly spread over all: they tell of what very many jobs match before the indexes are asked for them all.

PostgreSQL itself cannot say: of the start of a word it guesses a fiftieth of the jobs, and of several conditions that
they have nothing to do with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Job
from webapp.queries.job_filter import JobFilter
from webapp.queries.page import EXACT_TO, estimate

AT_LEAST = 512  # jobs looked at, and fewer than twice as many
SURE = 4.5  # standard deviations: of 200,000 jobs, one search in 60,000 that 10,000 match is told to match more


class Sample(NamedTuple):
    """How many of the jobs looked at match, by status; each stands for `step`."""

    statuses: Mapping[str, int]
    step: int

    def of(self, status: str | None) -> int:
        """Say about how many jobs of a status match, or of any."""
        return self.step * (sum(self.statuses.values()) if status is None else self.statuses.get(status, 0))

    def many(self, status: str | None) -> bool:
        """Say whether more match than are counted, beyond doubt."""
        return self.of(status) > EXACT_TO + SURE * sqrt(EXACT_TO * self.step)


def sample(session: Session, where: JobFilter) -> Sample:
    """Check the conditions, whatever the tab, on the jobs with the lowest ids, one of each `step`.

    An id is drawn by chance: what is launched every hour is among them as often as else, however much of the history
    has ended. Who is looked at stays while jobs come, and with it what is said of a search that is looked at again.
    """
    jobs = estimate(session, select(Job.id))
    if jobs <= EXACT_TO:
        return Sample({}, 1)  # there cannot be many more
    step = 1 << max(1, jobs // AT_LEAST).bit_length() - 1
    some = Job.id <= UUID(int=2**128 // step - 1)
    matching = select(Job.status, func.count()).where(some, *where.every_status.row_by_row()).group_by(Job.status)
    return Sample({status: n for status, n in session.execute(matching)}, step)  # noqa: C416
