"""Turns: of each person so many jobs go on at once, the others stay queued in the order of their launches."""

from __future__ import annotations

import uuid

from redis import Redis
from sqlalchemy import ColumnElement, func, literal_column, or_, select, text, update
from sqlalchemy.orm import Session

from core.jobs.publish import publish, ring
from core.models import Job
from core.settings import settings

TURNLESS = "jobs:maintenance"  # acts on jobs: a cancellation must not wait for what it cancels
# How many jobs of the same person go before: those that are cut, and those that were launched earlier.
BEFORE = """(
    SELECT count(*) FROM jobs AS other
    WHERE other.requested_by = jobs.requested_by AND other.queue <> 'jobs:maintenance'
      AND other.status IN ('queued', 'running', 'waiting')
      AND (other.split_at IS NOT NULL OR (other.created_at, other.id) < (jobs.created_at, jobs.id)))"""
WHOLE = text("jobs.status = 'queued' AND jobs.split_at IS NULL")


def in_turn() -> ColumnElement[bool]:
    """Choose the jobs that may begin, of those that are not cut yet."""
    return or_(Job.queue == TURNLESS, literal_column(BEFORE) < settings().jobs_per_user_at_once)


def has_turn(session: Session, job_id: uuid.UUID) -> bool:
    """Say whether a job that is not cut yet may begin."""
    return bool(session.scalars(select(in_turn()).select_from(Job).where(Job.id == job_id)).one())


def put_off(job: Job) -> None:
    """Let a job wait for its turn; rung again when it has come."""
    most = settings().jobs_per_user_at_once
    job.message = (
        f"{job.requested_by} has {most} jobs going on, the most of one person at once (JOBS_PER_USER_AT_ONCE). "
        "This one begins when one of them ends."
    )
    job.rung_at = None


def ring_next(session: Session, redis: Redis, person: str) -> None:
    """Ring for the jobs of a person whose turn has come, for one of theirs has ended. Commits."""
    mine = (Job.requested_by == person) & Job.rung_at.is_(None)
    due = session.scalars(
        update(Job)
        .where(mine, WHOLE, in_turn())
        .values(message="", updated_at=func.clock_timestamp())
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).all()
    session.commit()
    for job_id in due:
        publish(session, redis, job_id)
        job = session.get(Job, job_id, populate_existing=True)
        if job is not None:
            ring(session, redis, job)
