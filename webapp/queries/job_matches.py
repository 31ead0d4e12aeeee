"""The jobs that match, newest first, and how many of each status: asked of the indexes once for both.

PostgreSQL cannot foretell whether words and the other conditions meet in the same jobs, and would walk through all
jobs to find that they never do. So the indexes are asked for all that match, unless a sample says that these are too
many; those of which there are many are met soon enough among the newest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, select, text, tuple_
from sqlalchemy.orm import Session, defer

from core.jobs.view import OVER
from core.models import Job
from core.models.job import NOT_OVER
from webapp.queries.job_filter import STATUSES, JobFilter
from webapp.queries.job_sample import Sample, sample
from webapp.queries.page import EXACT_TO, Count, count, estimate

NEAR = 2_000  # looked through one by one where very many match
LISTED = select(Job).options(defer(Job.payload, raiseload=True))


class Found(NamedTuple):
    """All that match: which status was asked for, how many there are of each, and the ids of the page."""

    status: str | None
    statuses: Mapping[str, int]
    ids: Sequence[UUID]

    def n(self, status: str | None) -> int:
        return sum(self.statuses.values()) if status is None else self.statuses.get(status, 0)


@dataclass(frozen=True)
class JobMatches:
    """What matches `where`; of the page behind `position`, the time and id of a row, `need` jobs."""

    session: Session
    where: JobFilter
    position: tuple[Any, ...] | None
    need: int

    def page(self) -> Sequence[Job]:
        """Read the jobs of the page, newest first."""
        if not self.where.selective:
            return self._read(LISTED.where(*self.where.indexed(), *self._behind))
        if self._found:
            return self._read(LISTED.where(Job.id.in_(self._found.ids)))
        near = self._near()
        return near if len(near) == self.need else self._by_index()

    def counts(self) -> Mapping[str, Count]:
        """Count the jobs of each status that the rest of the filter lets through: the figures on the tabs."""
        every = self.where.every_status
        if not self.where.narrow:
            return {status: self._count(replace(every, status=status)) for status in STATUSES}
        if (found := self._found) and found.status is None:
            return {status: Count(found.n(status), True) for status in STATUSES}
        tab = {found.status: Count(found.n(found.status), True)} if found and found.status in STATUSES else {}
        return {status: self._expected(status) for status in OVER} | self._open(every) | tab

    def total(self) -> Count:
        """Count what matches: exactly up to 10,000."""
        if not self.where.selective:
            return self._count(self.where)
        status = self.where.status
        return Count(self._found.n(status), True) if self._found else self._expected(status)

    @cached_property
    def _found(self) -> Found | None:
        """Find all that match, of any status or, if these are too many, of the tab; nothing if those are too."""
        for where in dict.fromkeys((self.where.every_status, self.where)):
            if not self._sample.many(where.status):
                return self._ask(where)
        return None

    @cached_property
    def _sample(self) -> Sample:
        return sample(self.session, self.where)

    def _ask(self, where: JobFilter) -> Found:
        """Ask the indexes for all that match."""
        found = select(Job.id, Job.status, Job.created_at).where(*where.indexed()).cte("found")
        each = select(found.c.status, func.count().label("n")).group_by(found.c.status).subquery("each")
        behind = [tuple_(found.c.created_at, found.c.id) < tuple_(*self.position)] if self.position else []
        tab = [found.c.status == self.where.status] if self.where.status else []
        newest = found.c.created_at.desc(), found.c.id.desc()
        page = select(found.c.id).where(*tab, *behind).order_by(*newest).limit(self.need).subquery("page")
        counts = select(func.jsonb_object_agg(each.c.status, each.c.n)).scalar_subquery()
        ids = select(func.array_agg(page.c.id)).scalar_subquery()
        statuses, some_ids = self.session.execute(select(counts, ids)).one()
        return Found(where.status, statuses or {}, some_ids or [])

    def _near(self) -> Sequence[Job]:
        """Look through the next few of the tab, row by row, and no further than is needed."""
        tab = [Job.status == self.where.status] if self.where.status else []
        times = select(Job.created_at).where(*tab, *self._behind).order_by(Job.created_at.desc(), Job.id.desc())
        edge = func.coalesce(times.offset(NEAR - 1).limit(1).scalar_subquery(), text("'-infinity'::timestamptz"))
        return self._read(LISTED.where(Job.created_at >= edge, *self._behind, *self.where.row_by_row()))

    def _by_index(self) -> Sequence[Job]:
        """Ask the indexes for all that match behind the page before, and take the newest."""
        matching = select(Job.id, Job.created_at).where(*self.where.indexed(), *self._behind)
        places = matching.cte("places").prefix_with("MATERIALIZED")
        newest = places.c.created_at.desc(), places.c.id.desc()
        first = select(places).order_by(*newest).limit(self.need).subquery("first")
        return self._read(LISTED.join(first, first.c.id == Job.id))

    @property
    def _behind(self) -> list[Any]:
        return [] if self.position is None else [tuple_(Job.created_at, Job.id) < tuple_(*self.position)]

    def _read(self, rows: Select[Any]) -> Sequence[Job]:
        newest = rows.order_by(Job.created_at.desc(), Job.id.desc())
        return self.session.scalars(newest.limit(self.need)).all()

    def _count(self, where: JobFilter) -> Count:
        return count(self.session, _ids(where))

    def _expected(self, status: str | None) -> Count:
        """Say about how many match: what the sample has none of is rare, whatever PostgreSQL expects."""
        rare = replace(self.where, status=status)
        n = self._sample.of(status) or min(self._sample.step, estimate(self.session, _ids(rare)))
        return Count(n, False)

    def _open(self, where: JobFilter) -> dict[str, Count]:
        """Count those that are not over, row by row: there are few."""
        of_them = (Job.status.in_(NOT_OVER), *where.row_by_row())
        some = select(Job.status).where(*of_them).limit(EXACT_TO + 1).subquery("some")
        found = self.session.execute(select(some.c.status, func.count()).group_by(some.c.status)).all()
        known, exact = {status: n for status, n in found}, sum(n for _, n in found) <= EXACT_TO  # noqa: C416
        return {status: Count(known.get(status, 0), exact) for status in NOT_OVER}


def of_tab(counted: Mapping[str, Count], status: str | None) -> Count:
    """Add up what the tabs say, or take the one of them that is open."""
    if status is not None:
        return counted.get(status, Count(0, True))
    return Count(sum(one.n for one in counted.values()), all(one.exact for one in counted.values()))


def _ids(where: JobFilter) -> Select[Any]:
    return select(Job.id).where(*where.indexed())
