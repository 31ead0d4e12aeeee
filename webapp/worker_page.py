"""What the page of the workers and the API have in common: the register, with what each works on and what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from redis.exceptions import RedisError
from sqlalchemy import select

from core.errors import NotFound, Unavailable
from core.jobs.orders import STOP, Order, orders
from core.jobs.register import Registered, crew
from core.models import Job, Part
from webapp.extensions import db, redis


@dataclass(frozen=True, slots=True)
class Holding:
    """The part in a worker's hands, and since when."""

    job_id: UUID
    title: str
    n: int
    done: int
    total: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One worker: how it is, what it works on, and what somebody wants of it."""

    own: Registered
    holding: Holding | None
    order: Order | None

    @property
    def state(self) -> str:
        """Name its state: silent, stopping, draining, drained, or what the register says."""
        if self.own.state == "silent" or self.order is None:
            return self.own.state
        if self.order.what == STOP:
            return "stopping"
        return "draining" if self.holding or self.own.state == "busy" else "drained"

    @property
    def seen(self) -> tuple[object, ...]:
        """Give what a reader would see change, but for the age of the beat."""
        own = self.own
        return own.name, self.state, own.done, own.failed, own.memory, own.part_memory, self.holding, self.order


def read() -> Sequence[WorkerView] | None:
    """Read every worker; None while Redis, which keeps the register, does not answer."""
    try:
        found = crew(redis)
    except RedisError:
        return None
    held, wanted = _held(), orders(db.session())
    return [WorkerView(own, held.get(own.name), wanted.get(own.name)) for own in found]


def line(worker: WorkerView) -> dict[str, object]:
    """Write a worker as a line of a file."""
    own, held, order = worker.own, worker.holding, worker.order
    return {
        "name": own.name,
        "state": worker.state,
        "host": own.host,
        "pid": own.pid,
        "version": own.version,
        "queues": " ".join(own.queues),
        "since": own.since,
        "beat_age_seconds": own.beat_age,
        "memory_bytes": own.memory,
        "part_memory_bytes": own.part_memory,
        "done": own.done,
        "failed": own.failed,
        "job_id": held.job_id if held else None,
        "part": held.n if held else None,
        "part_since": held.since if held else None,
        "order": order.what if order else None,
        "order_by": order.by if order else None,
        "order_reason": order.reason if order else None,
    }


def show(name: str) -> WorkerView:
    """Read one worker; raise NotFound for one that has left, Unavailable while Redis does not answer."""
    found = read()
    if found is None:
        raise Unavailable("Redis keeps the register of workers, and does not answer.")
    worker = next((worker for worker in found if worker.own.name == name), None)
    if worker is None:
        raise NotFound(f"There is no worker {name}; it may have left.")
    return worker


def _held() -> dict[str, Holding]:
    counted = Part.done + Part.skipped + Part.failed
    rows = select(Part.holder, Job.id, Job.title, Part.n, counted, Part.total, Part.claimed_at)
    running = rows.join(Job, Job.id == Part.job_id).where(Part.status == "running", Part.holder.is_not(None))
    return {str(row[0]): Holding(*row[1:]) for row in db.session.execute(running)}
