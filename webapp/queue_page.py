"""What the page of the queues and the API have in common: the queues, who listens, and what limits them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from core import pace, spend
from core.jobs.listeners import Listener
from core.prices import bill_of
from core.settings import Settings
from webapp import dependencies
from webapp.extensions import db, redis
from webapp.kept import Kept
from webapp.queries import queues
from webapp.queries.queues import QueueView


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds all workers back. `used` is of the last minute, None while Redis is away; amounts are this month's."""

    priced: bool
    per_minute: int
    used: int | None
    holds: Sequence[pace.Standing] = field(default_factory=list)
    budget: float | None = None
    spent: float | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """All that the page shows; `heard` is who listens, None while Redis is away."""

    queues: Sequence[QueueView]
    limits: Limits
    heard: Sequence[Listener] | None

    def listening(self, queue: str) -> list[Listener]:
        """Name who takes from a queue."""
        return [listener for listener in self.heard or () if queue in listener.queues]

    @property
    def waiting(self) -> bool:
        return any(queue.jobs or queue.parts for queue in self.queues)


def read() -> Board:
    """Read it, once a second for all readers."""
    kept: Kept[tuple[Sequence[QueueView], Limits]] = current_app.extensions["queues"]
    found, limits = kept.get(_read)
    return _board(found, limits)


def read_now() -> Board:
    """Read it for somebody who has just changed it."""
    kept: Kept[tuple[Sequence[QueueView], Limits]] = current_app.extensions["queues"]
    return _board(*kept.put(_read()))


def _board(found: Sequence[QueueView], limits: Limits) -> Board:
    checks = dependencies.look()
    return Board(found, limits, next((check.listeners for check in checks if check.name == "Workers"), None))


def _read() -> tuple[Sequence[QueueView], Limits]:
    session = db.session()
    return queues.read(session), _limits(session)


def _limits(session: Session) -> Limits:
    own: Settings = current_app.extensions["settings"]
    if own.embedder != "cohere":
        return Limits(False, own.inputs_per_minute, None)
    month = datetime.now(UTC).date().replace(day=1)
    spent, currency = bill_of(spend.tokens_since(session, month)) if own.monthly_budget else (None, None)
    return Limits(True, own.inputs_per_minute, _used(), pace.holds(session), own.monthly_budget, spent, currency)


def _used() -> int | None:
    try:
        return pace.used(redis)
    except RedisError:
        return None
