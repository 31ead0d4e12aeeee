"""Which job is about to bring a person into the index."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.jobs.view import JobView, view_of
from core.models import Job, Part
from core.models.job import AT_WORK


@dataclass(frozen=True, slots=True)
class InHand:
    """The job, and the part of it that this person is in, counted from 0; None before the job is cut."""

    job: JobView
    part: int | None
    parts: int
    status: str


def find(session: Session, candidate_id: int) -> InHand | None:
    """Find the open part that still has this person before it, or a job that was chosen for them and is not cut."""
    waits = func.array_position(Part.record_ids, candidate_id) > Part.cursor
    open_parts = select(Part.job_id, Part.n, Part.status).where(Part.status.in_(AT_WORK), waits)
    found = session.execute(open_parts.order_by(Part.status).limit(1)).first()
    if found is not None:
        parts = session.scalar(select(func.count()).select_from(Part).where(Part.job_id == found.job_id)) or 0
        return InHand(view_of(session.get_one(Job, found.job_id)), found.n, parts, found.status)
    chosen = Job.payload["candidate_ids"].contains([candidate_id])
    uncut = select(Job).where(Job.status.in_(AT_WORK), Job.split_at.is_(None), chosen)
    job = session.scalar(uncut.order_by(Job.created_at).limit(1))
    return InHand(view_of(job), None, 0, job.status) if job else None
