"""The ends of a part: what its row becomes when its holder lets go of it, or is no more.

As in the ledger: the caller has locked the job, a write with an old token raises LeaseLost, and the job is settled.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.jobs import ledger, paused
from core.jobs.settle import settle
from core.models import Failure, Job, Part

STOPPED = "The job was stopped before this part was done."
FREE: dict[str, Any] = {"token": None, "lease_until": None, "holder": None, "rung_at": None}
HANDED_BACK: dict[str, Any] = {"status": "queued", "message": "handed back, goes on soon", **FREE}
RECOVERING: dict[str, Any] = {"status": "queued", "message": "recovering: its worker died", **FREE}
CANCELLED: dict[str, Any] = {
    "status": "cancelled",
    "message": "",
    "not_before": None,
    "finished_at": func.clock_timestamp(),
    **FREE,
}


def finish(session: Session, job: Job, ref: ledger.Ref) -> None:
    """Close a part whose records all have their outcome."""
    ledger.write(session, job, ref, status="done", message="", finished_at=func.clock_timestamp(), **FREE)
    settle(session, job)


def hand_back(session: Session, job: Job, ref: ledger.Ref) -> None:
    """Put a part back into the queue with what it has done; of a job that stops, it is closed."""
    pause = paused.pause_of(session, job.queue)
    back = HANDED_BACK | {"message": "handed back when its queue was paused"} if pause else HANDED_BACK
    values = unless_stopping(job, back)
    ledger.write(session, job, ref, **values)
    if values is back:
        part = session.get_one(Part, (ref.job_id, ref.n), populate_existing=True)
        passed = f"{part.cursor:,} of {part.total:,} records"
        why = f": {pause.by} paused the queue" if pause else ""
        ledger.tell(session, job.id, f"Part {ref.n + 1} was handed back after {passed}{why}.", part=ref.n)
    settle(session, job)


def wait(
    session: Session, job: Job, ref: ledger.Ref, *, seconds: float, message: str, counts: bool, ours: bool = False
) -> datetime | None:
    """Let a part wait, its worker free; return until when. `counts` uses up a try; `ours`: for an engine of ours.

    A part of a job that stops is closed instead, and None returned.
    """
    waiting = {
        "status": "waiting",
        "message": message,
        "not_before": func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds),
        "tries": Part.tries + int(counts),
        "waits": Part.waits + int(ours),
        **FREE,
    }
    ledger.write(session, job, ref, **unless_stopping(job, waiting))
    settle(session, job)
    return session.scalars(select(Part.not_before).where(Part.job_id == ref.job_id, Part.n == ref.n)).one()


def unless_stopping(job: Job, values: dict[str, Any]) -> dict[str, Any]:
    """Say what the row of a part becomes that nobody holds any more: closed when its job stops, else `values`."""
    if job.status == "cancelling":
        return CANCELLED
    if job.error_code:
        return failed_values(job.error_code, STOPPED)
    return values


def fail(session: Session, job: Job, ref: ledger.Ref, *, code: str, detail: str) -> None:
    """Close a part that could not go on; its remaining records count as failed."""
    ledger.write(session, job, ref, **failed_values(code, detail))
    settle(session, job)


def cancel(session: Session, job: Job, ref: ledger.Ref) -> None:
    """Close a part of a cancelled job."""
    ledger.write(session, job, ref, **CANCELLED)
    settle(session, job)


def set_aside(session: Session, part: Part, *, cause: str, reason: str, trace_id: str | None = None) -> None:
    """Put a whole part into the dead letters; its records are of no kind there, for none of them is known bad."""
    session.add(
        Failure(
            record_kind="",
            job_id=part.job_id,
            part=part.n,
            step="part",
            cause=cause,
            reason=reason,
            trace_id=trace_id,
            attempts=part.attempt,
        )
    )


def failed_values(code: str, detail: str) -> dict[str, Any]:
    """Say what a part's row becomes when it fails: what it has not done counts as failed."""
    return {
        "status": "failed",
        "message": detail,
        "error_code": code,
        "error_detail": detail,
        "failed": Part.total - Part.done - Part.skipped,
        "finished_at": func.clock_timestamp(),
        **FREE,
    }
