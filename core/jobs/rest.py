"""What a job left undone."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Select, func, select, union
from sqlalchemy.orm import Session, aliased

from core.models import Failure, Job, Part


def rest_of(job_id: uuid.UUID) -> Select[Any]:
    """Choose the records of a job that failed and are still open, and those that neither it nor a retry reached."""
    aside = select(Failure.record_id.label("id")).where(
        Failure.job_id == job_id, Failure.status == "open", Failure.record_id.is_not(None)
    )
    behind = Part.record_ids[Part.cursor + 1 : func.cardinality(Part.record_ids)]
    never = select(func.unnest(behind).label("id")).where(
        Part.job_id == job_id, Part.status.in_(("failed", "cancelled"))
    )
    unreached = never.subquery("unreached")
    both = union(aside, select(unreached.c.id).where(unreached.c.id.not_in(_reached_by_retries(job_id)))).subquery(
        "rest"
    )
    return select(both.c.id).order_by(both.c.id)


def anything_left(session: Session, job_id: uuid.UUID) -> bool:
    return session.execute(rest_of(job_id).limit(1)).first() is not None


def _reached_by_retries(job_id: uuid.UUID) -> Select[Any]:
    """Choose the records that a retry of the job, or a retry of that, has brought to an outcome."""
    retries = select(Job.id).where(Job.retry_of == job_id).cte("retries", recursive=True)
    later = aliased(Job)
    retries = retries.union(select(later.id).join(retries, later.retry_of == retries.c.id))
    part = aliased(Part)
    return select(func.unnest(part.record_ids[1 : part.cursor])).where(part.job_id.in_(select(retries.c.id)))
