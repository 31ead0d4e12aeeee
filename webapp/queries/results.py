"""What became of each item of a job that acts on other things than people: on jobs, on failures."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from core.models import Candidate, Failure, Job, JobResult, Part
from webapp.queries.page import LIMIT, Count, Page, bounded, page_of, read_cursor, small


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One item: done, skipped, failed; pending, or not_reached when the job ended before its turn.

    `name` is the title of a job, or the person of a failure; `job_id` the job that it is or belongs to.
    """

    part: int
    position: int
    record_id: int
    outcome: str
    sentence: str
    name: str | None
    job_id: UUID | None
    led_to: UUID | None


def find_page(
    session: Session, job_id: UUID, of: str, cursor: str | None = None, limit: int = LIMIT
) -> Page[ResultRow]:
    """List the items in the order of work; `of` is job or failure."""
    limit = bounded(limit)
    item = func.unnest(Part.record_ids).table_valued("id", with_ordinality="at", joins_implicitly=True)
    item = item.render_derived()
    name, owner = (Job.title, Job.id) if of == "job" else (Candidate.full_name, Failure.job_id)
    columns = (Part.n, item.c.at, item.c.id, JobResult.outcome, JobResult.sentence, name, owner, JobResult.led_to)
    rows = select(*columns, Part.status).select_from(Part).join(item, item.c.id.is_not(None))
    rows = rows.outerjoin(JobResult, and_(JobResult.job_id == Part.job_id, JobResult.record_id == item.c.id))
    if of == "job":
        rows = rows.outerjoin(Job, Job.number == item.c.id)
    else:
        person = and_(Failure.record_kind == "candidate", Failure.record_id == Candidate.id)
        rows = rows.outerjoin(Failure, Failure.id == item.c.id).outerjoin(Candidate, person)
    rows = rows.where(Part.job_id == job_id).order_by(Part.n, item.c.at)
    if cursor:
        part, position = read_cursor(cursor, small, small)
        rows = rows.where((Part.n > part) | ((Part.n == part) & (item.c.at > position)))
    found = [_row(*row) for row in session.execute(rows.limit(limit + 1))]
    return page_of(found, limit, cursor, lambda: _total(session, job_id), lambda row: (row.part, row.position))


def _row(
    part: int,
    position: int,
    record_id: int,
    outcome: str | None,
    sentence: str | None,
    name: str | None,
    job_id: UUID | None,
    led_to: UUID | None,
    status: str,
) -> ResultRow:
    waiting = "not_reached" if status in ("failed", "cancelled") else "pending"
    return ResultRow(part, position, record_id, outcome or waiting, sentence or "", name, job_id, led_to)


def _total(session: Session, job_id: UUID) -> Count:
    return Count(session.scalar(select(func.coalesce(func.sum(Part.total), 0)).where(Part.job_id == job_id)) or 0, True)
