"""What the page of the queues and the API have in common: the queues, who listens, and what limits them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from core import pace, spend
from core.jobs.listeners import Listener
from core.models.job import AT_WORK
from core.prices import bill_of
from core.settings import Settings
from webapp import dependencies
from webapp.extensions import db, redis
from webapp.kept import Kept
from webapp.queries import alerts, queues
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
    refused: Refused | None = None


class Refused(NamedTuple):
    """The provider refuses our key: what it said, and what helps."""

    sentence: str
    cure: str


@dataclass(frozen=True, slots=True)
class Board:
    """All that the page shows; `heard` is who listens, None while Redis is away."""

    queues: Sequence[QueueView]
    limits: Limits
    heard: Sequence[Listener] | None

    def listening(self, queue: str) -> list[Listener]:
        """Name who takes from a queue."""
        return [listener for listener in self.heard or () if queue in listener.queues]

    def sum(self, what: str, status: str) -> int:
        """Add up the jobs, or the parts, of a status over all queues."""
        return sum(getattr(queue, what).get(status, 0) for queue in self.queues)

    @property
    def oldest(self) -> datetime | None:
        """Since when the oldest of all waits for a worker."""
        return min((queue.oldest for queue in self.queues if queue.oldest), default=None)

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


def line(queue: QueueView, board: Board) -> dict[str, object]:
    """Write a queue as a line of a file; who listens is empty while Redis is away."""
    counted = (("jobs", queue.jobs), ("parts", queue.parts))
    depth = {f"{what}_{status}": found.get(status, 0) for what, found in counted for status in AT_WORK}
    pause = queue.pause
    return {
        "name": queue.name,
        **depth,
        "oldest": queue.oldest,
        "begun_last_hour": queue.waited.jobs,
        "wait_p50_seconds": queue.waited.p50,
        "wait_p95_seconds": queue.waited.p95,
        "listening": None if board.heard is None else len(board.listening(queue.name)),
        "paused_by": pause.by if pause else None,
        "paused_reason": pause.reason if pause else None,
        "paused_since": pause.since if pause else None,
    }


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
    holds, refused = pace.holds(session), _refused(session)
    return Limits(True, own.inputs_per_minute, _used(), holds, own.monthly_budget, spent, currency, refused)


def _refused(session: Session) -> Refused | None:
    """Read what the watch over the provider has found; the portal does not call it itself."""
    found = (alert for alert in alerts.standing(session) if alert.rule == "key_refused")
    return next((Refused(alert.sentence, alert.cure) for alert in found), None)


def _used() -> int | None:
    try:
        return pace.used(redis)
    except RedisError:
        return None
