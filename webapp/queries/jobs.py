"""Jobs as lists, tabs and single ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, Select, Subquery, func, select, tuple_, union_all
from sqlalchemy.orm import Session, defer

from core.errors import NotFound
from core.jobs import live
from core.jobs.ahead import with_ends
from core.jobs.search import JobWhere, by_index, plain, row_by_row
from core.jobs.view import OVER, JobView, view_of
from core.models import Job, JobEvent, Part
from core.models.job import NOT_OVER
from webapp.queries.page import (
    EXACT_TO,
    LIMIT,
    Count,
    Page,
    bounded,
    count,
    estimate,
    moment,
    number,
    page_of,
    read_cursor,
)
from webapp.queries.text import clean

STATUSES = (*NOT_OVER, "completed", "completed_with_errors", "failed", "cancelled")
assert set(STATUSES) - set(NOT_OVER) == OVER
NEAR = 2_000  # so many are looked through one by one before the indexes are asked
LISTED = select(Job).options(defer(Job.payload, raiseload=True))


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs: every given field must match; `where` is what the search box says."""

    status: str | None = None
    kind: str | None = None
    user: str | None = None
    where: JobWhere = field(default_factory=JobWhere)


def find_page(
    session: Session, where: JobFilter, cursor: str | None = None, limit: int = LIMIT, known: Count | None = None
) -> Page[JobView]:
    """List jobs, newest first, without their parts; `known` is how many match, where the tabs have told."""
    limit = bounded(limit)
    position = read_cursor(cursor, moment, UUID) if cursor else None
    views = [view_of(job) for job in _newest(session, where, position, limit + 1)]
    return page_of(
        views, limit, cursor, lambda: known or total(session, where), lambda view: (view.created_at, view.id)
    )


def counts(session: Session, where: JobFilter) -> Mapping[str, Count]:
    """Count the jobs of each status that the rest of the filter lets through: the figures on the tabs."""
    every = replace(where, status=None)
    if not _narrowed(every):
        return {status: total(session, replace(every, status=status)) for status in STATUSES}
    some = _some(every)
    rows = session.execute(select(some.c.status, func.count()).group_by(some.c.status))
    known = {status: n for status, n in rows}  # noqa: C416  (a row is no pair to mypy)
    if sum(known.values()) <= EXACT_TO:
        return {status: Count(known.get(status, 0), True) for status in STATUSES}
    return {status: _about(session, replace(every, status=status)) for status in STATUSES}


def of_tab(counted: Mapping[str, Count], status: str | None) -> Count:
    """Add up what the tabs say, or take the one of them that is open."""
    if status is not None:
        return counted.get(status, Count(0, True))
    return Count(sum(one.n for one in counted.values()), all(one.exact for one in counted.values()))


def total(session: Session, where: JobFilter) -> Count:
    """Count what matches: exactly up to 10,000."""
    if not _selective(where):
        return count(session, select(Job.id).where(*_indexed(where)))
    n = session.scalar(select(func.count()).select_from(_some(where))) or 0
    return Count(n, True) if n <= EXACT_TO else Count(max(n, estimate(session, matching(where))), False)


def each(session: Session, where: JobFilter, most: int) -> Iterator[Job]:
    """Read what matches as it comes, newest first, `most` at most."""
    rows = matching(where).order_by(Job.created_at.desc(), Job.id.desc()).limit(most)
    rows = rows.options(defer(Job.payload, raiseload=True), defer(Job.steps, raiseload=True))
    yield from session.scalars(rows.execution_options(yield_per=1000))


def matching(where: JobFilter) -> Select[Any]:
    """Select the jobs that match, for a reader who takes them all."""
    return select(Job).where(*_indexed(where))


def open_jobs(session: Session, limit: int = LIMIT) -> Sequence[JobView]:
    """List the jobs that are not over, oldest first."""
    # Status by status, as the index has them: for the order's sake PostgreSQL would walk through all that are over.
    oldest = (
        select(Job.id).where(Job.status == status).order_by(Job.created_at, Job.id).limit(bounded(limit))
        for status in NOT_OVER
    )
    rows = LISTED.where(Job.id.in_(union_all(*(one.subquery().select() for one in oldest))))
    return [view_of(job) for job in session.scalars(rows.order_by(Job.created_at, Job.id).limit(bounded(limit)))]


def show(session: Session, redis: Redis, job_id: UUID) -> JobView:
    """Read one job with its parts and its end: the live copy, or the ledger without one; raise NotFound."""
    try:
        view = live.read(redis, str(job_id))
    except (RedisError, KeyError, ValueError):
        view = None  # Redis is down, or something else wrote there; the ledger knows it all
    return with_ends(redis, [view or show_ledger(session, job_id)])[0]


def show_ledger(session: Session, job_id: UUID) -> JobView:
    """Read one job with its parts from the ledger; raise NotFound."""
    job = session.get(Job, job_id, options=[defer(Job.payload, raiseload=True)])
    if job is None:
        raise _no_job(job_id)
    return view_of(job, parts(session, job_id))


def require(session: Session, job_id: UUID) -> str:
    """Name the kind of a job; raise NotFound unless there is such a job."""
    kind = session.scalar(select(Job.kind).where(Job.id == job_id))
    if kind is None:
        raise _no_job(job_id)
    return kind


def parts(session: Session, job_id: UUID) -> Sequence[Part]:
    """List a job's parts in order, without their long lists of records."""
    rows = select(Part).where(Part.job_id == job_id).order_by(Part.n)
    return session.scalars(rows.options(defer(Part.record_ids, raiseload=True))).all()


def retries_of(session: Session, job_id: UUID) -> Sequence[JobView]:
    """List the jobs that were launched to retry this one, newest first."""
    rows = select(Job).where(Job.retry_of == job_id).options(defer(Job.payload, raiseload=True))
    return [view_of(job) for job in session.scalars(rows.order_by(Job.created_at.desc()).limit(LIMIT))]


def before(session: Session, job: JobView) -> UUID | None:
    """Name the job of this kind that was launched last before it."""
    older = select(Job.id).where(Job.kind == job.kind, Job.created_at < job.created_at)
    return session.scalars(older.order_by(Job.created_at.desc(), Job.id.desc()).limit(1)).first()


def events(session: Session, job_id: UUID, cursor: str | None = None, limit: int = LIMIT) -> Page[JobEvent]:
    """List what happened to a job, newest first."""
    limit = bounded(limit)
    matching = select(JobEvent).where(JobEvent.job_id == job_id)
    rows = matching.order_by(JobEvent.id.desc()).limit(limit + 1)
    if cursor:
        rows = rows.where(JobEvent.id < read_cursor(cursor, number)[0])
    found, ids = session.scalars(rows).all(), matching.with_only_columns(JobEvent.id)
    return page_of(found, limit, cursor, lambda: count(session, ids), lambda event: (event.id,))


def _no_job(job_id: UUID) -> NotFound:
    return NotFound(f"There is no job {job_id}.")


def _newest(session: Session, where: JobFilter, position: tuple[Any, ...] | None, limit: int) -> Sequence[Job]:
    """Read the newest that match: among the next few hundred jobs, and if they do not fill the page, by the indexes.

    PostgreSQL cannot foretell whether words and the other conditions meet in the same jobs, and would walk through
    all jobs to find that they never do.
    """
    later = [] if position is None else [tuple_(Job.created_at, Job.id) < tuple_(*position)]
    if not _selective(where):
        return session.scalars(_page(LISTED.where(*_fields(where), *plain(where.where), *later), limit)).all()
    near = _page(select(Job.id).where(*later), NEAR).subquery("near")
    walked = [*_fields(where), *plain(where.where), *row_by_row(where.where)]
    found = session.scalars(_page(LISTED.join(near, near.c.id == Job.id).where(*walked), limit)).all()
    if len(found) == limit:
        return found
    places = select(Job.id, Job.created_at).where(*_indexed(where), *later).cte("places").prefix_with("MATERIALIZED")
    first = select(places).order_by(places.c.created_at.desc(), places.c.id.desc()).limit(limit).subquery("first")
    return session.scalars(_page(LISTED.join(first, first.c.id == Job.id), limit)).all()


def _some(where: JobFilter) -> Subquery:
    """Choose the statuses of at most one job more than are counted; by the indexes, whatever the limit suggests."""
    found = select(Job.status).where(*_indexed(where)).cte("found").prefix_with("MATERIALIZED")
    return select(found.c.status).limit(EXACT_TO + 1).subquery()


def _page(rows: Select[Any], limit: int) -> Select[Any]:
    return rows.order_by(Job.created_at.desc(), Job.id.desc()).limit(limit)


def _indexed(where: JobFilter) -> list[ColumnElement[bool]]:
    return [*_fields(where), *plain(where.where), *by_index(where.where)]


def _fields(where: JobFilter) -> list[ColumnElement[bool]]:
    given = ((Job.status, where.status), (Job.kind, where.kind), (Job.requested_by, where.user))
    return [column == clean(value) for column, value in given if value is not None]


def _narrowed(where: JobFilter) -> bool:
    return where != JobFilter(status=where.status)


def _selective(where: JobFilter) -> bool:
    return bool(by_index(where.where))


def _about(session: Session, where: JobFilter) -> Count:
    """Take the planner's word for a status of which there are many, and count the others."""
    if where.status in NOT_OVER:
        return count(session, select(Job.id).where(*_fields(where), *plain(where.where), *row_by_row(where.where)))
    return Count(estimate(session, select(Job.id).where(*_indexed(where))), False)
