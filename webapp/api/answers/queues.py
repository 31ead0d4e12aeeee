"""Queues, as scripts see them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from webapp.api.answers.listing import Answer, Listing
from webapp.queries.queues import QueueView
from webapp.queue_page import Board, Limits


class Counted(BaseModel):
    """What is not over, by status."""

    queued: int = 0
    running: int = 0
    waiting: int = 0


class WaitedAnswer(Answer):
    """How many jobs a worker began within the last hour, and how many seconds half and 95 % of them had waited."""

    jobs: int
    p50: float | None
    p95: float | None


class PauseAnswer(Answer):
    """Who paused the queue, why and since when."""

    by: str
    reason: str
    since: datetime


class QueueAnswer(BaseModel):
    """One queue."""

    name: str
    jobs: Counted
    parts: Counted
    oldest: datetime | None = Field(description="Since when something waits for a worker; null when nothing does.")
    waited: WaitedAnswer
    pause: PauseAnswer | None = Field(description="null while it goes on.")
    workers: list[str] | None = Field(description="Who listens; null while Redis does not answer.")


class HoldAnswer(Answer):
    """Nobody may call this provider before `until`: it has said so."""

    name: str
    until: datetime
    reason: str


class LimitsAnswer(BaseModel):
    """What holds all workers back. `inputs_per_minute` 0 is no limit; `budget` and `spent` are of this month."""

    inputs_per_minute: int
    used: int | None = Field(description="Inputs sent in the last minute; null where nobody counts, or Redis is away.")
    holds: list[HoldAnswer]
    budget: float | None
    spent: float | None
    currency: str | None
    key_refused: str | None = Field(description="What the provider said as it refused our key; else null.")


class QueueList(Listing[QueueAnswer]):
    """Every queue, and what limits all of them."""

    limits: LimitsAnswer


def queue_answer(queue: QueueView, board: Board) -> QueueAnswer:
    """Write one queue."""
    return QueueAnswer(
        name=queue.name,
        jobs=Counted(**queue.jobs),
        parts=Counted(**queue.parts),
        oldest=queue.oldest,
        waited=WaitedAnswer.model_validate(queue.waited),
        pause=PauseAnswer.model_validate(queue.pause) if queue.pause else None,
        workers=None if board.heard is None else [listener.name for listener in board.listening(queue.name)],
    )


def limits_answer(limits: Limits) -> LimitsAnswer:
    """Write the limits."""
    return LimitsAnswer(
        inputs_per_minute=limits.per_minute,
        used=limits.used,
        holds=[HoldAnswer.model_validate(hold) for hold in limits.holds],
        budget=limits.budget,
        spent=limits.spent,
        currency=limits.currency,
        key_refused=limits.refused.sentence if limits.refused else None,
    )
