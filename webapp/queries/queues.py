"""Queues: what waits and runs in each, how long it waited lately, and who has paused it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Integer, Row, cast, func, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.jobs.paused import Pause, pauses
from core.kinds import QUEUES
from core.models import Job, Part
from core.models.job import AT_WORK

MINUTES = 60
HOUR = func.make_interval(0, 0, 0, 0, 1)


class Waited(NamedTuple):
    """How many jobs a worker began within the last hour, and how many seconds they had waited for it."""

    jobs: int = 0
    p50: float | None = None
    p95: float | None = None


NOBODY = Waited()


@dataclass(frozen=True, slots=True)
class QueueView:
    """One queue. `jobs` and `parts` count by status; `oldest` is since when something waits for a worker.

    `minutes` are the longest waits, in seconds, of the jobs that were begun in each of the last 60 minutes, old to new.
    """

    name: str
    jobs: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    oldest: datetime | None = None
    waited: Waited = NOBODY
    pause: Pause | None = None
    minutes: Sequence[float] = ()


def read(session: Session) -> list[QueueView]:
    """Read every queue that a kind of job has, by name."""
    jobs, parts = _jobs(session), _parts(session)
    waited, held, minutes = _waited(session), pauses(session), _minutes(session)
    return [
        QueueView(
            name,
            {row.status: row.number for row in jobs if row.queue == name},
            {row.status: row.number for row in parts if row.queue == name},
            min((row.since for row in (*jobs, *parts) if row.queue == name and row.since), default=None),
            waited.get(name, NOBODY),
            held.get(name),
            [minutes.get((name, ago), 0.0) for ago in reversed(range(MINUTES))],
        )
        for name in sorted(QUEUES)
    ]


def show(session: Session, name: str) -> QueueView:
    """Read one queue; raise NotFound for one that no kind has."""
    known(name)
    return next(queue for queue in read(session) if queue.name == name)


def known(name: str) -> str:
    """Give the name back when it is a queue's; raise NotFound."""
    if name not in QUEUES:
        raise NotFound(f"There is no queue {name}; there are {', '.join(sorted(QUEUES))}.")
    return name


def _jobs(session: Session) -> list[Row[str, str, int, datetime | None]]:
    """Count the jobs that are not over; of those that are not cut yet, say since when the oldest waits."""
    uncut = func.min(Job.created_at).filter(Job.status == "queued", Job.split_at.is_(None))
    rows = select(Job.queue, Job.status, func.count().label("number"), uncut.label("since"))
    return list(session.execute(rows.where(Job.status.in_(AT_WORK)).group_by(Job.queue, Job.status)))


def _parts(session: Session) -> list[Row[str, str, int, datetime | None]]:
    """Count the parts that are not over; of those that a worker could take, say since when the oldest waits."""
    free = func.min(func.coalesce(Part.rung_at, Job.split_at)).filter(Part.status == "queued")
    rows = select(Job.queue, Part.status, func.count().label("number"), free.label("since"))
    rows = rows.join(Job, Job.id == Part.job_id).where(Part.status.in_(AT_WORK))
    return list(session.execute(rows.group_by(Job.queue, Part.status)))


def _waited(session: Session) -> Mapping[str, Waited]:
    seconds = func.extract("epoch", Job.started_at - Job.created_at)
    middle, most = (func.percentile_cont(share).within_group(seconds) for share in (0.5, 0.95))
    rows = select(Job.queue, func.count(), middle, most).where(Job.started_at > func.now() - HOUR)
    return {queue: Waited(*figures) for queue, *figures in session.execute(rows.group_by(Job.queue))}


def _minutes(session: Session) -> Mapping[tuple[str, int], float]:
    """Find the longest wait of the jobs begun in each minute of the last hour, by queue and minutes ago."""
    ago = cast(func.floor(func.extract("epoch", func.clock_timestamp() - Job.started_at) / 60), Integer).label("ago")
    longest = func.max(func.extract("epoch", Job.started_at - Job.created_at))
    rows = select(Job.queue, ago, longest).where(Job.started_at > func.now() - HOUR)
    return {(queue, n): float(seconds) for queue, n, seconds in session.execute(rows.group_by(Job.queue, ago))}
