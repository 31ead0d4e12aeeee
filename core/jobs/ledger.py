"""Jobs and parts in PostgreSQL: claim, renew, commit with the token, finish. All times are the database's.

Every change of a part locks its job's row first, writes the part, and then `settle`s the job: status and counters
follow from the parts and are written in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import Cancelled, GiveUp, LeaseLost, NotFound
from core.jobs import figures, paused
from core.jobs.settle import settle
from core.jobs.view import OVER
from core.models import Failure, Job, JobEvent, Part

CLAIMABLE = ("queued", "waiting")
MOST_DEATHS = 3


@dataclass(frozen=True, slots=True)
class Ref:
    """A part as one holder knows it; the token proves that it still is the holder."""

    job_id: uuid.UUID
    n: int
    token: uuid.UUID


@dataclass(frozen=True, slots=True)
class Progress:
    """A part's counters so far: absolute, so that writing them twice counts once."""

    cursor: int
    done: int
    skipped: int
    failed: int
    steps: list[dict[str, Any]]


def find(session: Session, job_id: uuid.UUID) -> Job:
    """Return the job; raise NotFound."""
    job = session.get(Job, job_id, populate_existing=True)
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def lock(session: Session, job_id: uuid.UUID) -> Job:
    """Return the job with its row locked until the transaction ends; raise NotFound."""
    job = session.get(Job, job_id, populate_existing=True, with_for_update={"key_share": True})
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def parts_of(session: Session, job_id: uuid.UUID) -> Sequence[Part]:
    """Return the job's parts in order, without their record ids."""
    return session.scalars(select(Part).where(Part.job_id == job_id).order_by(Part.n)).all()


def now(session: Session) -> datetime:
    moment: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return moment


def tell(
    session: Session,
    job_id: uuid.UUID,
    message: str,
    *,
    part: int | None = None,
    level: str = "info",
    lost_worker: str | None = None,
) -> None:
    """Add a line to the job's story; `lost_worker` is the worker whose silence it tells of."""
    session.add(JobEvent(job_id=job_id, part=part, message=message, level=level, lost_worker=lost_worker))


def claim(session: Session, job_id: uuid.UUID, n: int, *, holder: str, lease: float) -> Part | None:
    """Take a part that nobody holds, with its record ids; None when there is nothing to take."""
    job = lock(session, job_id)
    if job.status in OVER or job.status == "cancelling" or job.error_code or paused.pause_of(session, job.queue):
        return None
    queued = (Part.job_id == job_id, Part.n == n, Part.status == "queued")
    befell = session.scalars(select(Part.message).where(*queued)).first()
    part = session.scalars(
        update(Part)
        .where(
            Part.job_id == job_id,
            Part.n == n,
            Part.status.in_(CLAIMABLE),
            func.coalesce(Part.not_before, func.clock_timestamp()) <= func.clock_timestamp(),
        )
        .values(
            status="running",
            message="",
            token=func.gen_random_uuid(),
            holder=holder,
            attempt=Part.attempt + 1,
            claimed_at=func.clock_timestamp(),
            lease_until=_lease(lease),
            not_before=None,
            started_at=func.coalesce(Part.started_at, func.clock_timestamp()),
        )
        .returning(Part),
        execution_options={"populate_existing": True},
    ).one_or_none()
    if part is None:
        return None
    if part.attempt > 1 and (befell or part.tries):  # not after a wait for our own pace: there are many of those
        tell(session, job_id, f"{holder} took part {n + 1}, attempt {part.attempt}.", part=n)
    session.refresh(part, ["record_ids"])
    settle(session, job)
    return part


def next_part(session: Session, job_id: uuid.UUID) -> int | None:
    """Name a part of the job that could be claimed now."""
    due = func.coalesce(Part.not_before, func.clock_timestamp()) <= func.clock_timestamp()
    open_parts = select(Part.n).where(Part.job_id == job_id, Part.status == "queued", due)
    return session.scalars(open_parts.order_by(Part.n).limit(1)).first()


def held_by(session: Session, job_id: uuid.UUID, holder: str) -> Sequence[int]:
    """Name the parts of the job that this worker holds."""
    held = select(Part.n).where(Part.job_id == job_id, Part.status == "running", Part.holder == holder)
    return session.scalars(held).all()


def renew(session: Session, ref: Ref, *, lease: float) -> None:
    """Hold the part for another lease, also of a job that stops; raise LeaseLost when it is another's."""
    renewed = session.execute(_held(ref).values(lease_until=_lease(lease)).returning(Part.n)).first()
    if renewed is None:
        _lost(ref)


def look(session: Session, job_id: uuid.UUID) -> None:
    """Raise Cancelled or GiveUp when the job stops."""
    status, error_code = session.execute(select(Job.status, Job.error_code).where(Job.id == job_id)).one()
    stop_if_told(status, error_code)


def stop_if_told(status: str, error_code: str | None) -> None:
    """Raise Cancelled or GiveUp when the job's status and error code say so."""
    if status == "cancelling":
        raise Cancelled("the job was cancelled")
    if error_code:
        raise GiveUp("another part has stopped the job", code=error_code)


def advance(session: Session, job: Job, ref: Ref, progress: Progress, *, lease: float) -> None:
    """Write a part's counters; raise LeaseLost when the token is old. The caller has locked the job."""
    _write(
        session,
        job,
        ref,
        cursor=progress.cursor,
        done=progress.done,
        skipped=progress.skipped,
        failed=progress.failed,
        steps=progress.steps,
        tries=0,
        waits=0,
        deaths=0,
        lease_until=_lease(lease),
    )
    settle(session, job)


def finish(session: Session, job: Job, ref: Ref) -> None:
    """Close a part whose records all have their outcome."""
    _write(session, job, ref, status="done", message="", finished_at=func.clock_timestamp(), **_FREE)
    settle(session, job)


def hand_back(session: Session, job: Job, ref: Ref) -> None:
    """Put a part back into the queue with what it has done; of a job that stops, it is closed."""
    pause = paused.pause_of(session, job.queue)
    back = HANDED_BACK | {"message": "handed back when its queue was paused"} if pause else HANDED_BACK
    values = unless_stopping(job, back)
    _write(session, job, ref, **values)
    if values is back:
        part = session.get_one(Part, (ref.job_id, ref.n), populate_existing=True)
        passed = f"{part.cursor:,} of {part.total:,} records"
        why = f": {pause.by} paused the queue" if pause else ""
        tell(session, job.id, f"Part {ref.n + 1} was handed back after {passed}{why}.", part=ref.n)
    settle(session, job)


def wait(
    session: Session, job: Job, ref: Ref, *, seconds: float, message: str, counts: bool, ours: bool = False
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
        **_FREE,
    }
    _write(session, job, ref, **unless_stopping(job, waiting))
    settle(session, job)
    return session.scalars(select(Part.not_before).where(Part.job_id == ref.job_id, Part.n == ref.n)).one()


def unless_stopping(job: Job, values: dict[str, Any]) -> dict[str, Any]:
    """Say what the row of a part becomes that nobody holds any more: closed when its job stops, else `values`."""
    if job.status == "cancelling":
        return CANCELLED
    if job.error_code:
        return failed_values(job.error_code, STOPPED)
    return values


def fail(session: Session, job: Job, ref: Ref, *, code: str, detail: str) -> None:
    """Close a part that could not go on; its remaining records count as failed."""
    _write(session, job, ref, **failed_values(code, detail))
    settle(session, job)


def cancel_part(session: Session, job: Job, ref: Ref) -> None:
    """Close a part of a cancelled job."""
    _write(session, job, ref, **CANCELLED)
    settle(session, job)


def stop(session: Session, job: Job, *, code: str, detail: str) -> None:
    """Stop the whole job at once: nothing that waits is begun, what runs ends with its batch."""
    if job.status in OVER or job.error_code:
        return
    job.error_code, job.error_detail = code, detail
    close_waiting(session, job, failed_values(code, STOPPED))
    tell(session, job.id, detail, level="error")
    settle(session, job)


def close_waiting(session: Session, job: Job, values: dict[str, Any]) -> None:
    """Close the parts of a job that nobody holds."""
    closed = session.execute(
        update(Part)
        .where(Part.job_id == job.id, Part.status.in_(CLAIMABLE))
        .values(values)
        .returning(*figures.ENDED)
        .execution_options(synchronize_session=False)
    )
    figures.parts(session, job, closed.all())


def end_unsplit(session: Session, job: Job, *, status: str, message: str, code: str | None = None) -> None:
    """End a job that was never cut into parts. The caller has locked it."""
    job.status, job.message = status, message
    job.error_code, job.error_detail = code, message if code else None
    job.finished_at = job.updated_at = now(session)
    figures.job_over(session, job)
    tell(session, job.id, message, level="error" if code else "info")


def set_part_aside(session: Session, part: Part, *, cause: str, reason: str, trace_id: str | None = None) -> None:
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
        **_FREE,
    }


STOPPED = "The job was stopped before this part was done."
_FREE: dict[str, Any] = {"token": None, "lease_until": None, "holder": None, "rung_at": None}
HANDED_BACK: dict[str, Any] = {"status": "queued", "message": "handed back, goes on soon", **_FREE}
RECOVERING: dict[str, Any] = {"status": "queued", "message": "recovering: its worker died", **_FREE}
CANCELLED: dict[str, Any] = {
    "status": "cancelled",
    "message": "",
    "not_before": None,
    "finished_at": func.clock_timestamp(),
    **_FREE,
}


def _lease(seconds: float) -> Any:
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _held(ref: Ref) -> Any:
    return (
        update(Part)
        .where(Part.job_id == ref.job_id, Part.n == ref.n, Part.token == ref.token, Part.status == "running")
        .execution_options(synchronize_session=False)
    )


def _write(session: Session, job: Job, ref: Ref, **values: Any) -> None:
    written = session.execute(_held(ref).values(**values).returning(*figures.ENDED)).all()
    if not written:
        _lost(ref)
    figures.parts(session, job, written)


def _lost(ref: Ref) -> NoReturn:
    raise LeaseLost(f"part {ref.n} of job {ref.job_id} has another holder")
