"""What people want of one worker: to drain, stop, or go on. A row of the ledger that the worker looks for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from redis import Redis
from sqlalchemy import Select, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import access
from core.access import Actor
from core.errors import Invalid, Refused
from core.jobs.register import crew
from core.models import WorkerOrder

DRAIN = "drain"  # it ends its part and takes no other, until it is told to go on
STOP = "stop"  # it ends its batch, hands back and exits
GONE_SECONDS = 3600.0


class Order(NamedTuple):
    """Who wants what of a worker, why, and since when."""

    worker: str
    what: str
    by: str
    reason: str
    since: datetime


def order_for(session: Session, worker: str) -> Order | None:
    """Read what is wanted of a worker; None when nothing is."""
    row = session.execute(_orders().where(WorkerOrder.worker == worker)).first()
    return Order(*row) if row else None


def orders(session: Session) -> Mapping[str, Order]:
    """Read every order, by worker."""
    return {row.worker: Order(*row) for row in session.execute(_orders())}


def drain(session: Session, worker: str, *, actor: Actor, reason: str) -> None:
    """Let a worker end its part and take no other. Commits. Raises Invalid without a reason, Refused when it does."""
    before = order_for(session, worker)
    if before is not None:
        raise Refused(f"{before.by} wants {worker} to {before.what} already: {before.reason}")
    _give(session, worker, DRAIN, actor, reason)
    access.record(session, actor, "worker.drain", _target(worker), reason=reason, **_change(before, DRAIN))
    session.commit()


def stop(session: Session, worker: str, *, actor: Actor, reason: str) -> None:
    """Let a worker hand back and exit. Commits. Raises Invalid without a reason, Refused when it stops already."""
    before = order_for(session, worker)
    if before is not None and before.what == STOP:
        raise Refused(f"{before.by} has stopped {worker} already: {before.reason}")
    _give(session, worker, STOP, actor, reason)
    access.record(session, actor, "worker.stop", _target(worker), reason=reason, **_change(before, STOP))
    session.commit()


def resume(session: Session, worker: str, *, actor: Actor, reason: str = "") -> None:
    """Let a drained worker take messages again. Commits. Raises Refused for one that is not drained."""
    before = order_for(session, worker)
    if before is None or before.what != DRAIN:
        raise Refused(f"{worker} is not drained.")
    session.execute(delete(WorkerOrder).where(WorkerOrder.worker == worker))
    access.record(session, actor, "worker.resume", _target(worker), reason=reason, **_change(before, None))
    session.commit()


def forget(session: Session, worker: str) -> None:
    """Drop the order of a worker that is no more. Commits."""
    session.execute(delete(WorkerOrder).where(WorkerOrder.worker == worker))
    session.commit()


class Sweep:
    """Drops what was wanted of workers that were killed: they cannot forget it themselves.

    Those that nobody has seen in the register for an hour, for a Redis that was wiped knows nobody for some seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._missed: dict[str, float] = {}  # since when, in seconds

    def sweep(self, session: Session, redis: Redis) -> None:
        """Look once. Commits. Raises RedisError: who is there is not known then."""
        wanted = set(session.scalars(select(WorkerOrder.worker)))
        session.commit()
        missed = wanted - {worker.name for worker in crew(redis)} if wanted else set()
        self._missed = {worker: self._missed.get(worker, self._clock()) for worker in missed}
        for worker, since in self._missed.items():
            if self._clock() - since > GONE_SECONDS:
                forget(session, worker)


def _give(session: Session, worker: str, what: str, actor: Actor, reason: str) -> None:
    if not reason:
        raise Invalid(f"Say why {worker} shall {what}.", {"reason": "Say why: it is kept in the audit."})
    new = insert(WorkerOrder).values(worker=worker, what=what, given_by=actor.name, reason=reason)
    fresh = {"what": what, "given_by": actor.name, "reason": reason}
    session.execute(new.on_conflict_do_update(index_elements=["worker"], set_=fresh))


def _target(worker: str) -> str:
    return f"worker:{worker}"


def _change(before: Order | None, after: str | None) -> dict[str, dict[str, str | None]]:
    """Say what the audit keeps of a change of orders."""
    return {"before": {"order": before.what if before else None}, "after": {"order": after}}


def _orders() -> Select[str, str, str, str, datetime]:
    row = WorkerOrder
    return select(row.worker, row.what, row.given_by, row.reason, row.given_at)
