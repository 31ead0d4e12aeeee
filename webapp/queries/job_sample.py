"""Some jobs, evenly spread over all: they tell of what very many jobs match before the indexes are asked for them all.

PostgreSQL itself cannot say: of the start of a word it guesses a fiftieth of the jobs, and of several conditions that
they have nothing to do with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Job
from webapp.queries.job_filter import JobFilter
from webapp.queries.page import EXACT_TO

AT_LEAST = 512  # jobs looked at, and fewer than twice as many
SURE = 4.5  # standard deviations: one search in 300,000 is told to match more than it does


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
    """Check the conditions, whatever the tab, on one job of each `step` numbers.

    Which one is as good as chance, or what is launched every hour might be all there is, or never; but it stays the
    same while jobs come, and with it what is said of a search that is looked at again.
    """
    newest = session.scalar(select(func.max(Job.number))) or 0
    if newest <= EXACT_TO:
        return Sample({}, 1)  # there cannot be too many
    step = 1 << max(1, newest // AT_LEAST).bit_length() - 1
    n = func.generate_series(0, newest // step).column_valued("n")
    some = Job.number.in_(select(n * step + func.hashint8(n).bitwise_and(step - 1)))
    matching = select(Job.status, func.count()).where(some, *where.every_status.row_by_row()).group_by(Job.status)
    return Sample({status: n for status, n in session.execute(matching)}, step)  # noqa: C416
