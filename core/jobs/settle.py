"""A job's status, counters, steps, rate and message, as they follow from its parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.orm import Session

from core import spend
from core.errors import waits
from core.jobs import figures
from core.jobs.paused import Pause, pause_of
from core.jobs.rest import anything_left
from core.jobs.view import OVER
from core.models import Failure, Job, JobEvent, Part
from core.models.job import AT_WORK

# The rate forgets half of the past in about 7 s: quick enough to follow a back-off, calm enough to read.
RATE_MEMORY_SECONDS = 10.0

COLUMNS = (
    Part.n,
    Part.status,
    Part.total,
    Part.done,
    Part.skipped,
    Part.failed,
    Part.steps,
    Part.message,
    Part.not_before,
    Part.deaths,
    Part.claimed_at,
)


def settle(session: Session, job: Job) -> None:
    """Write the job's row from its parts. The caller has locked it; a job that is over never changes."""
    if job.status in OVER or job.split_at is None:
        return
    session.flush()
    moment: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    parts = session.execute(select(*COLUMNS).where(Part.job_id == job.id).order_by(Part.n)).all()
    before = (job.done, job.skipped, job.failed)
    job.done = sum(part.done for part in parts)
    job.skipped = sum(part.skipped for part in parts)
    job.failed = sum(part.failed for part in parts)
    job.calls, job.tokens = spend.of_job(session, job.id)
    figures.records(session, job, before)
    _measure_rate(job, moment)
    pause = _pause(session, job, parts)
    job.moved_at = _moved_at(job, parts, before, moment) if pause is None else None
    job.status = _status(job, parts) if pause is None else "waiting"
    job.message = _message(job, parts) if pause is None else pause.sentence
    job.steps = _steps(job, parts)
    job.updated_at = moment
    if job.status in OVER:
        job.finished_at = moment
        figures.job_over(session, job)
        session.add(_last_event(job))
        session.flush()
        _resolve_parts(session, job)


def _pause(session: Session, job: Job, parts: Sequence[Row[Any]]) -> Pause | None:
    """Find the pause for which the job stands still; None while a part of it is in somebody's hands, or backs off."""
    states = {part.status for part in parts}
    stands = "queued" in states and "running" not in states and job.status != "cancelling"
    return pause_of(session, job.queue) if stands else None


def _moved_at(job: Job, parts: Sequence[Row[Any]], before: tuple[int, int, int], moment: datetime) -> datetime | None:
    """Tell since when nothing has moved in somebody's hands; null while it waits for a clock or a resume.

    A part that hands itself back and is taken again stands still all the same; only while nobody has it, no time is
    counted, for a wait for a worker is no stall.
    """
    open_parts = {part.status for part in parts} & {*AT_WORK}
    if job.moved_at is None or open_parts <= {"waiting"}:
        return moment if "running" in open_parts else None
    if (job.done, job.skipped, job.failed) != before:
        return moment
    taken = [part.claimed_at for part in parts if part.status == "running"]
    unheld = min(taken) - job.updated_at if taken and min(taken) > job.updated_at else timedelta()
    return job.moved_at + unheld


def _resolve_parts(session: Session, job: Job) -> None:
    """Close the failures of whole parts in the jobs that this one retries, where nothing of them is left."""
    older = job
    while older.retry_of is not None:
        older = session.get_one(Job, older.retry_of)
        if not anything_left(session, older.id):
            session.execute(
                update(Failure)
                .where(Failure.job_id == older.id, Failure.record_id.is_(None), Failure.status == "open")
                .values(status="resolved", closed_at=func.now(), closed_by=str(job.id))
                .execution_options(synchronize_session=False)
            )


def _last_event(job: Job) -> JobEvent:
    """Close the job's story."""
    words = job.status.replace("_", " ").capitalize()
    said = "" if job.error_code else job.message  # why a job was stopped is told already
    message = said if said.startswith(words) else f"{words}. {said}".strip()
    return JobEvent(job_id=job.id, message=message, level="error" if job.failed or job.error_code else "info")


def _status(job: Job, parts: Sequence[Row[Any]]) -> str:
    states = {part.status for part in parts}
    if "running" in states:
        return "cancelling" if job.status == "cancelling" else "running"
    if states & {"queued", "waiting"} and job.status != "cancelling":
        return "running" if "queued" in states else "waiting"
    if job.status == "cancelling":
        return "cancelled"
    if job.error_code:
        return "failed"
    if job.failed or "failed" in states:
        return "completed_with_errors" if job.done + job.skipped else "failed"
    return "completed"


def _message(job: Job, parts: Sequence[Row[Any]]) -> str:
    kept = f"{job.done:,} of {job.total or 0:,} are done and stay so."
    match job.status:
        case "cancelling":
            return "Stopping; what is in hand ends first."
        case "cancelled":
            return f"Cancelled. {kept}"
        case "failed":
            return job.error_detail or next((part.message for part in parts if part.message), "Every record failed.")
        case "completed_with_errors":
            return f"{job.failed:,} of {job.total:,} failed; the others are done."
        case "completed":
            return "Nothing to do." if not job.total else ""
    waiting = [part for part in parts if part.status == "waiting" and part.not_before]
    if not waiting:
        return _orphaned(parts)
    first = min(waiting, key=lambda part: part.not_before)
    others = "" if job.status == "waiting" else f" {len(waiting)} of {len(parts)} parts wait, the others go on."
    return f"{waits(first.not_before, first.message)}{others}"


def _orphaned(parts: Sequence[Row[Any]]) -> str:
    """Tell of parts whose worker died; of those that were handed back only while nobody is at work."""
    at_work = any(part.status == "running" for part in parts)
    told = [part.message for part in parts if part.status == "queued" and part.message and (part.deaths or not at_work)]
    if not told:
        return ""
    sentence = f"{told[0][:1].upper()}{told[0][1:]}."
    return f"{sentence} The other parts go on." if at_work else sentence


def _steps(job: Job, parts: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """Sum each step over the parts. A step is done when every part is closed or its records have all passed it."""
    if not parts:
        return [step | {"status": "done", "total": 0} for step in job.steps]
    summed = []
    for i, name in enumerate(step["name"] for step in job.steps):
        rows = [part.steps[i] for part in parts if i < len(part.steps)]
        sums = {key: sum(row[key] for row in rows) for key in ("done", "skipped", "failed")}
        seconds = round(sum(row.get("seconds", 0.0) for row in rows), 3)  # older parts have measured none
        total = (job.total or 0) if i == 0 else sum(row["total"] for row in rows)
        status = _step_status(job, sum(sums.values()), total, first=i == 0)
        summed.append({"name": name, "status": status, "total": total, **sums, "seconds": seconds})
    return summed


def _step_status(job: Job, passed: int, total: int, *, first: bool) -> str:
    if job.status in OVER:
        return {"completed": "done", "completed_with_errors": "done"}.get(job.status, job.status)
    if first and passed >= (job.total or 0):
        return "done"
    if job.status == "waiting":
        return "waiting"
    return "running" if passed or total or first else "queued"


def _measure_rate(job: Job, moment: datetime) -> None:
    """Smooth the records a second, at most once a second so that the figure is calm."""
    passed = job.done + job.skipped + job.failed
    since = job.rate_at or job.started_at
    if since is None:
        return
    seconds = (moment - since).total_seconds()
    if seconds < 1.0:
        return
    measured = max(0, passed - job.rate_done) / seconds
    keep = math.exp(-seconds / RATE_MEMORY_SECONDS) if job.rate is not None else 0.0
    job.rate = (job.rate or 0.0) * keep + measured * (1 - keep)
    job.rate_done, job.rate_at = passed, moment
