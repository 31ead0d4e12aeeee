"""From the ledger to `job:{id}` and the doorbell. Redis may be down: the ledger keeps all, the reconciler repeats."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial

import structlog
from redis import Redis, RedisError
from sqlalchemy import func, update
from sqlalchemy.orm import Session

from core.jobs import ledger, live, paused, queues, track
from core.jobs.view import JobView, view_of
from core.models import Job, Part

log = structlog.get_logger(__name__)


def publish(session: Session, redis: Redis, job_id: uuid.UUID) -> JobView:
    """Copy the job as it stands in the ledger to its live hash, and return it."""
    view = view_of(ledger.find(session, job_id), ledger.parts_of(session, job_id))
    try:
        live.publish(redis, view)
        track.mark(redis, view)
    except RedisError as error:
        log.warning("live_hash_not_written", job_id=str(job_id), error=type(error).__name__)
    return view


def ring(session: Session, redis: Redis, job: Job, parts: Sequence[Part] = ()) -> None:
    """Send the doorbell for a job to split, or for parts to run; note when, so that a lost one is noticed. Commits.

    Nobody is called to a queue that is paused: the resume rings.
    """
    if paused.pause_of(session, job.queue):
        session.commit()
        return
    numbers = [(part.n, part.attempt) for part in parts]
    try:
        if numbers:
            queues.ring_parts(redis, job.queue, job.id, numbers)
        else:
            queues.ring_job(redis, job.queue, job.id)
    except RedisError as error:
        log.warning("doorbell_not_rung", job_id=str(job.id), error=type(error).__name__)
        return
    ledger.unless_locked(session, job.id, partial(_note, session, job.id, [part.n for part in parts]))


def _note(session: Session, job_id: uuid.UUID, numbers: Sequence[int]) -> None:
    """Write when the bell was rung. Commits."""
    if numbers:
        which = (Part.job_id == job_id) & Part.n.in_(numbers)
        session.execute(update(Part).where(which).values(rung_at=func.clock_timestamp()))
    else:
        session.execute(update(Job).where(Job.id == job_id).values(rung_at=func.clock_timestamp()))
    session.commit()
