"""Turns: of each person so many jobs go on at once, the others wait in the order of their launches."""

from __future__ import annotations

import uuid

from sqlalchemy import ColumnElement, Select, func, or_, select, text
from sqlalchemy.orm import Session

from core.models import Job
from core.models.job import OPEN
from core.settings import settings

TURNLESS = "jobs:maintenance"  # acts on jobs: a cancellation must not wait for what it cancels
WHOLE = text("jobs.status IN ('queued', 'waiting') AND jobs.split_at IS NULL")
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
    may = or_(Job.queue == TURNLESS, Job.id.in_(first(mine)))
    return bool(session.scalars(select(may).where(Job.id == job_id)).one())


def first(person: ColumnElement[str]) -> Select[uuid.UUID]:
    """Choose the first in the line of a person."""
    line = select(Job.id).where(Job.requested_by == person, *TURNS).order_by(*LINE)
    return line.limit(settings().jobs_per_user_at_once)


def sentence(person: str) -> str:
    """Say what a job waits for whose turn has not come."""
    most = settings().jobs_per_user_at_once
    return (
        f"{person} has {most} jobs going on, the most of one person at once (JOBS_PER_USER_AT_ONCE). "
        "This one begins when one of them ends."
    )


def is_whole(job: Job) -> bool:
    """Say whether a job is still to be cut."""
    return job.status in ("queued", "waiting") and job.split_at is None
