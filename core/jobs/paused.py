"""Which queues stand still because somebody wants it so."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.models import Job, QueuePause

NAMES = select(QueuePause.queue)


class Pause(NamedTuple):
    """Who has paused a queue, why, and since when."""

    queue: str
    by: str
    reason: str
    since: datetime

    @property
    def sentence(self) -> str:
        """Say it to whoever waits for it."""
        return f"{self.queue} is paused by {self.by}: {self.reason}"


def pause_of(session: Session, queue: str) -> Pause | None:
    """Read the pause of a queue; None while it goes on."""
    row = session.execute(_pauses().where(QueuePause.queue == queue)).first()
    return Pause(*row) if row else None


def holds(session: Session, job_id: uuid.UUID) -> bool:
    """Say whether the queue of this job is paused."""
    mine = select(Job.queue).where(Job.id == job_id).scalar_subquery()
    return session.execute(_pauses().where(QueuePause.queue == mine)).first() is not None


def pauses(session: Session) -> Mapping[str, Pause]:
    """Read every pause, by queue."""
    return {row.queue: Pause(*row) for row in session.execute(_pauses())}


def _pauses() -> Select[str, str, str, datetime]:
    return select(QueuePause.queue, QueuePause.paused_by, QueuePause.reason, QueuePause.paused_at)
