"""Why a job or a part does not run now, and until when, in one sentence: for the page, the API and `vigia jobs`.

What holds a part back that somebody has tried (a back-off, a pace, a budget, a death) stands in the ledger, and is told
as it stands there. What holds back one that nobody has taken yet is found here, from the queues and their listeners.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from redis import Redis, RedisError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import until, waits
from core.jobs.listeners import Listener, awake
from core.jobs.paused import Pause, pauses
from core.jobs.view import JobView, PartView
from core.models import Job

SENTENCES = {
    "redis_away": "Redis does not answer, so workers cannot be told. The job is kept and starts when it does.",
    "no_worker": "No worker listens on {queue}. Start one with: vigia worker",
    "jobs_before": "{n} jobs are before it.",
    "all_busy": "Every worker is busy; the next free one takes it.",
    "soon": "A worker takes it in a moment.",
    "stalled": "It has stalled: nothing of it was done since {time}, though a worker holds it. Its log says why.",
}
TOLD = "told"  # the ledger's own words
SOON = "soon"
ALARMING = frozenset({"redis_away", "no_worker", "stalled"})  # nothing goes on unless somebody acts


@dataclass(frozen=True, slots=True)
class Wait:
    """What something waits for: a stable `code`, a sentence, and until when, where that is known."""

    code: str
    sentence: str
    until: datetime | None = None


def explain(job: JobView, *, before: int, heard: Sequence[Listener] | None, pause: Pause | None = None) -> Wait | None:
    """Say why a job stands still; None when it does not. `before` counts those launched earlier in its queue.

    `heard` is who listens, None while Redis is away. Without its parts, a running job is taken to be at work.
    """
    if pause is not None and _stands(job):
        return _paused(pause)
    if job.moved_at is not None and job.stalled(datetime.now(UTC)):
        return Wait("stalled", SENTENCES["stalled"].format(time=until(job.moved_at)))
    match job.status:
        case "queued":
            return _in_queue(job.queue, before, heard)
        case "waiting":
            untils = [part.until for part in job.parts if part.status == "waiting" and part.until]
            return Wait(TOLD, job.message, min(untils, default=None))
        case "running" if _stands(job):
            return _orphaned(job.message, job.queue, heard)
    return None


def explain_part(
    part: PartView, queue: str, heard: Sequence[Listener] | None, pause: Pause | None = None
) -> Wait | None:
    """Say why a part stands still; None when it does not."""
    if pause is not None and part.status in ("queued", "waiting"):
        return _paused(pause)
    match part.status:
        case "waiting" if part.until:
            return Wait(TOLD, waits(part.until, part.message), part.until)
        case "queued" | "waiting":
            told = f"{part.message[:1].upper()}{part.message[1:]}." if part.message else ""
            return _orphaned(told, queue, heard)
    return None


def explanations(
    session: Session, jobs: Sequence[JobView], hear: Callable[[], Sequence[Listener] | None]
) -> Mapping[str, Wait]:
    """Explain those of the jobs that stand still, by their ids; `hear` says who listens, None while Redis is away."""
    if all(job.over for job in jobs):
        return {}
    ahead = places(session, [job.id for job in jobs if job.status == "queued"])
    heard, held = hear(), pauses(session)
    waits = {job.id: explain(job, before=ahead.get(job.id, 0), heard=heard, pause=held.get(job.queue)) for job in jobs}
    return {job_id: wait for job_id, wait in waits.items() if wait is not None}


def listening(redis: Redis) -> Sequence[Listener] | None:
    """Say who listens; None while Redis is away."""
    try:
        return awake(redis)
    except RedisError:
        return None


def places(session: Session, job_ids: Collection[str]) -> Mapping[str, int]:
    """Count, for each of these queued jobs, those in its queue that were launched before it and want a worker too."""
    if not job_ids:
        return {}
    place = func.row_number().over(partition_by=Job.queue, order_by=(Job.created_at, Job.id)) - 1
    line = select(Job.id, place.label("place")).where(Job.status.in_(("running", "queued"))).subquery()
    wanted = line.c.id.in_([uuid.UUID(job_id) for job_id in job_ids])
    return {str(row.id): row.place for row in session.execute(select(line).where(wanted))}


def _stands(job: JobView) -> bool:
    """Say whether nobody is at work on a job that is not over."""
    if job.status == "running":
        return bool(job.parts) and all(part.status != "running" for part in job.parts)
    return job.status in ("queued", "waiting")


def _paused(pause: Pause) -> Wait:
    return Wait("paused", pause.sentence)


def _orphaned(befell: str, queue: str, heard: Sequence[Listener] | None) -> Wait:
    """Tell what befell work that nobody holds any more, and why nobody takes it where that needs a person."""
    wait = _in_queue(queue, 0, heard)
    if not befell:
        return wait
    if wait.code not in ALARMING:
        return Wait(TOLD, befell)
    return replace(wait, sentence=f"{befell} {wait.sentence}")


def _in_queue(queue: str, before: int, heard: Sequence[Listener] | None) -> Wait:
    """Say what holds back that which nobody has taken: Redis, no worker, those before it, or a moment."""
    if heard is None:
        return _wait("redis_away")
    there = [listener for listener in heard if queue in listener.queues]
    if not there:
        return _wait("no_worker", queue=queue)
    if before:
        return _wait("jobs_before", queue=queue, n=before)
    return _wait("all_busy" if all(listener.busy for listener in there) else SOON, queue=queue)


def _wait(code: str, *, queue: str = "", n: int = 0) -> Wait:
    sentence = "1 job is before it." if n == 1 else SENTENCES[code].format(queue=queue, n=n)
    return Wait(code, sentence)
