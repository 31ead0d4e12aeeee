"""A cancellation: what waits is closed at once, what runs stops with its batch, what is done stays."""

from __future__ import annotations

import uuid

from redis import Redis
from sqlalchemy.orm import Session

from core import access
from core.access import Actor
from core.errors import Refused
from core.jobs import job_end, ledger, part_end, standstill
from core.jobs.publish import publish
from core.jobs.settle import settle
from core.jobs.view import OVER


def cancel(
    session: Session, redis: Redis, job_id: uuid.UUID, *, actor: Actor, reason: str = "", by_job: bool = False
) -> str:
    """Cancel the job and return its status: cancelling, or cancelled. Commits. Raises NotFound, Refused when over.

    Of many that a job cancels (`by_job`), the next in line may be cancelled as well: the reconciler rings once for all.
    """
    job = ledger.lock(session, job_id)
    if job.status in OVER:
        raise Refused(f"This job is over already: {job.status.replace('_', ' ')}.")
    if job.status != "cancelling":
        access.record(session, actor, "job.cancel", str(job_id), reason=reason, before={"status": job.status})
        ledger.tell(session, job_id, f"{actor.name} cancelled the job" + (f": {reason}" if reason else "."))
        if job.split_at is None:
            job_end.end_unsplit(session, job, status="cancelled", message="Cancelled before anything was done.")
        else:
            job.status = "cancelling"
        job_end.close_waiting(session, job, part_end.CANCELLED)
        settle(session, job)
    session.commit()
    view = publish(session, redis, job_id)
    if view.over and not by_job:
        standstill.ring_next(session, redis, view.requested_by)
    return view.status
