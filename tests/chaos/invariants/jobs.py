"""3, 4: what was promised ends, once and for ever; counters are counts, and never fall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from core.jobs import ledger
from core.jobs.view import OVER
from core.models import Job, Part

if TYPE_CHECKING:
    from tests.chaos.run import Run

CLOSED = ("done", "failed", "cancelled")


def jobs_end_once_and_add_up(run: Run) -> Iterator[str]:
    yield from run.witness.seen
    yield from run.portal.bad
    with run.house.sessions() as session:
        jobs = {str(job.id): job for job in session.query(Job)}
        parts = {job_id: ledger.parts_of(session, job.id) for job_id, job in jobs.items()}
    yield from (f"{job_id} was promised and is not there" for job_id in run.portal.launched - jobs.keys())
    for job_id, job in jobs.items():
        yield from (f"{job_id} ({job.status}): {breach}" for breach in _of(job, parts[job_id]))


def _of(job: Job, parts: Sequence[Part]) -> Iterator[str]:
    if job.status not in OVER:
        yield f"is not over: {job.message}"
        return
    if job.finished_at is None or not job.created_at <= (job.started_at or job.created_at) <= job.finished_at:
        yield f"was created {job.created_at}, started {job.started_at}, finished {job.finished_at}"
    if job.status != "cancelled" and job.split_at and job.done + job.skipped + job.failed != job.total:
        yield f"{job.done} + {job.skipped} + {job.failed} is not {job.total}"
    for name in ("total", "done", "skipped", "failed"):
        if job.split_at and getattr(job, name) != sum(getattr(part, name) for part in parts):
            yield f"{name} is not the sum of its parts"
    for part in parts:
        if part.status not in CLOSED:
            yield f"part {part.n} is {part.status}"
        elif part.status == "done" and part.cursor != part.total:
            yield f"part {part.n} is done with {part.cursor} of {part.total}"
