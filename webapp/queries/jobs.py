"""Jobs as lists, tabs and single ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session, defer

from core.errors import NotFound
from core.jobs import live
from core.jobs.view import OVER, JobView, view_of
from core.models import Job, JobEvent, Part
from webapp.queries.page import LIMIT, Count, Page, bounded, count, moment, number, page_of, read_cursor
from webapp.queries.text import clean

OPEN = ("queued", "running", "waiting", "cancelling")
STATUSES = (*OPEN, "completed", "completed_with_errors", "failed", "cancelled")
assert set(STATUSES) - set(OPEN) == OVER


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs: every given field must match. `text` is an id, the start of one, or words of title and message."""

    status: str | None = None
    kind: str | None = None
    user: str | None = None
    text: str = ""


def find_page(session: Session, where: JobFilter, cursor: str | None = None, limit: int = LIMIT) -> Page[JobView]:
    """List jobs, newest first, without their parts."""
    limit = bounded(limit)
    matching = _matching(where)
    rows = matching.order_by(Job.created_at.desc(), Job.id.desc()).limit(limit + 1)
    if cursor:
        rows = rows.where(tuple_(Job.created_at, Job.id) < tuple_(*read_cursor(cursor, moment, UUID)))
    views = [view_of(job) for job in session.scalars(rows)]
    ids = matching.with_only_columns(Job.id)
    return page_of(views, limit, cursor, lambda: count(session, ids), lambda view: (view.created_at, view.id))


def counts(session: Session, where: JobFilter) -> Mapping[str, Count]:
    """Count the jobs of each status that the rest of the filter lets through: the figures on the tabs."""
    if clean(where.text):  # every job must be read for that, once and not once a tab
        rows = _matching(replace(where, status=None)).with_only_columns(Job.status, func.count()).group_by(Job.status)
        found: dict[str, int] = dict(row._tuple() for row in session.execute(rows))
        return {status: Count(found.get(status, 0), True) for status in STATUSES}
    return {
        status: count(session, _matching(replace(where, status=status)).with_only_columns(Job.id))
        for status in STATUSES
    }


def open_jobs(session: Session, limit: int = LIMIT) -> Sequence[JobView]:
    """List the jobs that are not over, oldest first."""
    rows = select(Job).where(Job.status.in_(OPEN)).options(defer(Job.payload, raiseload=True))
    return [view_of(job) for job in session.scalars(rows.order_by(Job.created_at, Job.id).limit(bounded(limit)))]


def show(session: Session, redis: Redis, job_id: UUID) -> JobView:
    """Read one job with its parts: the live copy, or the ledger where Redis has none; raise NotFound."""
    try:
        view = live.read(redis, str(job_id))
    except (RedisError, KeyError, ValueError):
        view = None  # Redis is down, or something else wrote there; the ledger knows it all
    return view or show_ledger(session, job_id)


def show_ledger(session: Session, job_id: UUID) -> JobView:
    """Read one job with its parts from the ledger; raise NotFound."""
    job = session.get(Job, job_id, options=[defer(Job.payload, raiseload=True)])
    if job is None:
        raise _no_job(job_id)
    return view_of(job, parts(session, job_id))


def require(session: Session, job_id: UUID) -> None:
    """Raise NotFound unless there is such a job."""
    if session.scalar(select(Job.id).where(Job.id == job_id)) is None:
        raise _no_job(job_id)


def parts(session: Session, job_id: UUID) -> Sequence[Part]:
    """List a job's parts in order, without their long lists of records."""
    rows = select(Part).where(Part.job_id == job_id).order_by(Part.n)
    return session.scalars(rows.options(defer(Part.record_ids, raiseload=True))).all()


def retries_of(session: Session, job_id: UUID) -> Sequence[JobView]:
    """List the jobs that were launched to retry this one, newest first."""
    rows = select(Job).where(Job.retry_of == job_id).options(defer(Job.payload, raiseload=True))
    return [view_of(job) for job in session.scalars(rows.order_by(Job.created_at.desc()).limit(LIMIT))]


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


def _matching(where: JobFilter) -> Select[Job]:
    matching = select(Job).options(defer(Job.payload, raiseload=True))
    for column, value in ((Job.status, where.status), (Job.kind, where.kind), (Job.requested_by, where.user)):
        if value is not None:
            matching = matching.where(column == clean(value))
    words = clean(where.text)
    return matching.where(_mentions(words)) if words else matching


def _mentions(words: str) -> ColumnElement[bool]:
    """Match an id by its start, which uses the key, or words anywhere in what people read."""
    digits = words.lower().replace("-", "")
    if re.fullmatch(r"[0-9a-f]{8,32}", digits):
        return Job.id.between(UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f")))
    # One text: to lower one is twice as fast as to lower five.
    read = func.concat_ws(" ", Job.title, Job.message, Job.reason, Job.requested_by, Job.error_code)
    return read.icontains(words, autoescape=True)
