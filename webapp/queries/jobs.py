"""Jobs as lists, tabs and single ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import select, union_all
from sqlalchemy.orm import Session, defer

from core.jobs import live
from core.jobs.ahead import with_ends
from core.jobs.ledger import no_job
from core.jobs.view import JobView, view_of
from core.models import Job, JobEvent, Part
from core.models.job import NOT_OVER
from webapp.queries.job_filter import JobFilter
from webapp.queries.job_matches import LISTED, JobMatches, of_tab
from webapp.queries.job_sample import sample
from webapp.queries.page import LIMIT, Count, Page, bounded, count, moment, number, page_of, read_cursor


def find_page(session: Session, where: JobFilter, cursor: str | None = None, limit: int = LIMIT) -> Page[JobView]:
    """List jobs, newest first, without their parts."""
    matches = _matches(session, where, cursor, limit)
    return _page(matches, cursor, matches.total)


def with_tabs(
    session: Session, where: JobFilter, cursor: str | None = None, limit: int = LIMIT
) -> tuple[Page[JobView], Mapping[str, Count]]:
    """List jobs as `find_page`, and count those of each status that the rest of the filter lets through."""
    matches = _matches(session, where, cursor, limit)
    counted = matches.counts()
    return _page(matches, cursor, lambda: of_tab(counted, where.status)), counted


def each(session: Session, where: JobFilter, most: int) -> Iterator[Job]:
    """Read what matches as it comes, newest first, `most` at most."""
    # Of very many the first are met soon, where their indexes give all of them before one can be the newest.
    many = sample(session, where).many(where.status)
    matching = select(Job).where(*(where.row_by_row() if many else where.indexed()))
    rows = matching.order_by(Job.created_at.desc(), Job.id.desc()).limit(most)
    rows = rows.options(defer(Job.payload, raiseload=True), defer(Job.steps, raiseload=True))
    yield from session.scalars(rows.execution_options(yield_per=1000))


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
        raise no_job(job_id)
    return view_of(job, parts(session, job_id))


def require(session: Session, job_id: UUID) -> str:
    """Name the kind of a job; raise NotFound unless there is such a job."""
    kind = session.scalar(select(Job.kind).where(Job.id == job_id))
    if kind is None:
        raise no_job(job_id)
    return kind


def kept(session: Session, ids: Iterable[str | None]) -> set[str]:
    """Say which of these jobs are not forgotten yet."""
    wanted = {UUID(job_id) for job_id in ids if job_id}
    return {str(job_id) for job_id in session.scalars(select(Job.id).where(Job.id.in_(wanted)))}


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


def _matches(session: Session, where: JobFilter, cursor: str | None, limit: int) -> JobMatches:
    position = read_cursor(cursor, moment, UUID) if cursor else None
    return JobMatches(session, where, position, bounded(limit) + 1)


def _page(matches: JobMatches, cursor: str | None, total: Callable[[], Count]) -> Page[JobView]:
    views = [view_of(job) for job in matches.page()]
    return page_of(views, matches.need - 1, cursor, total, lambda view: (view.created_at, view.id))
