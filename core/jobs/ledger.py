"""Jobs and parts in PostgreSQL: claim, renew, write with the token. All times are the database's.

Every change of a part locks its job's row first, writes the part, and then `settle`s the job: status and counters
follow from the parts and are written in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

import structlog
from psycopg.errors import LockNotAvailable
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.errors import Cancelled, GiveUp, LeaseLost, NotFound
from core.jobs import figures, paused
from core.jobs.settle import settle
from core.jobs.view import OVER
from core.models import Job, JobEvent, Part
from core.settings import settings

log = structlog.get_logger(__name__)

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
        raise no_job(job_id)
    return job


def lock(session: Session, job_id: uuid.UUID) -> Job:
    """Return the job with its row locked until the transaction ends; raise NotFound."""
    job = session.get(Job, job_id, populate_existing=True, with_for_update={"key_share": True})
    if job is None:
        raise no_job(job_id)
    return job


def unless_locked(session: Session, job_id: uuid.UUID, act: Callable[[], None]) -> bool:
    """Do what can be left to the reconciler, unless somebody sits on the job: a process may be frozen in a commit.

    How long that is waited for, the connection says; False where it was too long.
    """
    try:
        act()
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        session.rollback()
        log.warning("job_is_locked", job_id=str(job_id))
        return False
    return True


def no_job(job_id: uuid.UUID) -> NotFound:
    """Say that there is no such job, and where jobs are forgotten, when."""
    days = settings().history_days
    kept = f" Jobs are kept for {days:,} days after their end; the audit and the costs stay." if days else ""
    return NotFound(f"There is no job {job_id}.{kept}")


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
    part = _take(session, job_id, n, holder, lease)
    if part is None:
        return None
    if part.attempt > 1 and (befell or part.tries):  # not after a wait for our own pace: there are many of those
        tell(session, job_id, f"{holder} took part {n + 1}, attempt {part.attempt}.", part=n)
    session.refresh(part, ["record_ids"])
    settle(session, job)
    return part


def _take(session: Session, job_id: uuid.UUID, n: int, holder: str, lease: float) -> Part | None:
    """Write the holder of a part that nobody holds, with a token of its own."""
    due = func.coalesce(Part.not_before, func.clock_timestamp()) <= func.clock_timestamp()
    free = update(Part).where(Part.job_id == job_id, Part.n == n, Part.status.in_(CLAIMABLE), due)
    taken = free.values(
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
    return session.scalars(taken.returning(Part), execution_options={"populate_existing": True}).one_or_none()


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
    write(
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


def write(session: Session, job: Job, ref: Ref, **values: Any) -> None:
    """Change the row of a part in hand; raise LeaseLost when the token is old. The caller has locked the job."""
    written = session.execute(_held(ref).values(**values).returning(*figures.ENDED)).all()
    if not written:
        _lost(ref)
    figures.parts(session, job, written)


def _lease(seconds: float) -> Any:
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _held(ref: Ref) -> Any:
    return (
        update(Part)
        .where(Part.job_id == ref.job_id, Part.n == ref.n, Part.token == ref.token, Part.status == "running")
        .execution_options(synchronize_session=False)
    )


def _lost(ref: Ref) -> NoReturn:
    raise LeaseLost(f"part {ref.n} of job {ref.job_id} has another holder")
