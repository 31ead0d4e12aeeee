"""Workers, as scripts see them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from webapp.api.answers.listing import Answer, Listing
from webapp.worker_page import WorkerView


class HoldingAnswer(Answer):
    """The part in its hands: `part` counts from 0, `since` is when it took it."""

    job_id: UUID
    part: int = Field(validation_alias="n")
    done: int
    total: int
    since: datetime | None


class OrderAnswer(Answer):
    """What somebody wants of it: `what` is drain or stop."""

    what: str
    by: str
    reason: str
    since: datetime


class WorkerAnswer(BaseModel):
    """One worker. `state`: starting, idle, busy, suspended, draining, drained, stopping, silent."""

    name: str
    host: str
    pid: int | None
    version: str | None = Field(description="Of Vigía.")
    queues: list[str]
    state: str
    since: datetime | None
    beat_age: float | None = Field(description="Seconds since it was last heard of.")
    memory: int | None = Field(description="Bytes that are resident.")
    part_memory: int | None = Field(description="The same of the process that works on a part.")
    done: int = Field(description="Messages.")
    failed: int
    holding: HoldingAnswer | None
    order: OrderAnswer | None


class WorkerList(Listing[WorkerAnswer]):
    """Workers, by name."""


def worker_answer(worker: WorkerView) -> WorkerAnswer:
    """Write one worker."""
    own = {name: getattr(worker.own, name) for name in WorkerAnswer.model_fields if hasattr(worker.own, name)}
    holding = HoldingAnswer.model_validate(worker.holding) if worker.holding else None
    order = OrderAnswer.model_validate(worker.order) if worker.order else None
    return WorkerAnswer.model_validate(own | {"state": worker.state, "holding": holding, "order": order})
