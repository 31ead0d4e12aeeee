"""Turns: of each person so many jobs go on at once, the others stay queued in the order of their launches."""

from __future__ import annotations

import uuid

from redis import Redis
from sqlalchemy import ColumnElement, Select, func, literal, or_, select, text, update
from sqlalchemy.orm import Session

from core.jobs.publish import publish, ring
from core.models import Job
from core.models.job import OPEN
from core.settings import settings

TURNLESS = "jobs:maintenance"  # acts on jobs: a cancellation must not wait for what it cancels
WHOLE = text("jobs.status = 'queued' AND jobs.split_at IS NULL")
TURNS = (text(f"jobs.{OPEN}"), Job.queue != TURNLESS)
LINE = (Job.split_at.is_(None), Job.created_at, Job.id)  # those that are cut go before, then who was launched earlier


def in_turn() -> ColumnElement[bool]:
    """Choose the jobs that may begin, of those that are not cut yet."""
    place = func.row_number().over(partition_by=Job.requested_by, order_by=LINE).label("place")
    lines = select(Job.id, place).where(*TURNS).subquery()
    first = select(lines.c.id).where(lines.c.place <= settings().jobs_per_user_at_once)
    return or_(Job.queue == TURNLESS, Job.id.in_(first))


def has_turn(session: Session, job_id: uuid.UUID) -> bool:
    """Say whether a job that is not cut yet may begin."""
    mine = select(Job.requested_by).where(Job.id == job_id).scalar_subquery()
    may = or_(Job.queue == TURNLESS, Job.id.in_(_first(mine)))
    return bool(session.scalars(select(may).where(Job.id == job_id)).one())


def _first(person: ColumnElement[str]) -> Select[uuid.UUID]:
    """Choose the first in the line of a person."""
    line = select(Job.id).where(Job.requested_by == person, *TURNS).order_by(*LINE)
    return line.limit(settings().jobs_per_user_at_once)


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
    call(session, redis, Job.id.in_(_first(literal(person))))


def call(session: Session, redis: Redis, which: ColumnElement[bool]) -> None:
    """Ring for those that nobody has rung for since they were put off; they say no more that they wait. Commits."""
    due = session.scalars(
        update(Job)
        .where(which, WHOLE, Job.rung_at.is_(None))
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
