"""The ends of a job that do not follow from its parts: it is stopped, or was never cut."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.jobs import figures, ledger, part_end
from core.jobs.settle import settle
from core.jobs.view import OVER
from core.models import Job, Part


def stop(session: Session, job: Job, *, code: str, detail: str) -> None:
    """Stop the whole job at once: nothing that waits is begun, what runs ends with its batch."""
    if job.status in OVER or job.error_code:
        return
    job.error_code, job.error_detail = code, detail
    close_waiting(session, job, part_end.failed_values(code, part_end.STOPPED))
    ledger.tell(session, job.id, detail, level="error")
    settle(session, job)


def close_waiting(session: Session, job: Job, values: dict[str, Any]) -> None:
    """Close the parts of a job that nobody holds."""
    closed = session.execute(
        update(Part)
        .where(Part.job_id == job.id, Part.status.in_(ledger.CLAIMABLE))
        .values(values)
        .returning(*figures.ENDED)
        .execution_options(synchronize_session=False)
    )
    figures.parts(session, job, closed.all())


def end_unsplit(session: Session, job: Job, *, status: str, message: str, code: str | None = None) -> None:
    """End a job that was never cut into parts. The caller has locked it."""
    job.status, job.message = status, message
    job.error_code, job.error_detail = code, message if code else None
    job.finished_at = job.updated_at = ledger.now(session)
    figures.job_over(session, job)
    ledger.tell(session, job.id, message, level="error" if code else "info")
