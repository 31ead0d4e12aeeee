"""Jobs, their records and their story. Times are ISO 8601 in UTC; what is not known is null."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from webapp.api.answers.listing import Answer, Listing


class StepAnswer(Answer):
    """How far one step is; `total` is null until it is known. `seconds` were spent on it, by all threads together."""

    name: str
    status: str
    total: int | None
    done: int
    skipped: int
    failed: int
    seconds: float


class Progress(BaseModel):
    """`percent` from 0 to 100, `rate` in records a second, `eta_seconds` from now.

    The end is to be expected between `early_seconds` and `late_seconds` from now.
    """

    total: int | None
    done: int
    skipped: int
    failed: int
    percent: float | None
    rate: float | None
    eta_seconds: float | None
    early_seconds: float | None
    late_seconds: float | None


class JobError(BaseModel):
    """Why a job stopped: a stable `code`, and a sentence with the cure."""

    code: str
    detail: str | None


class WaitAnswer(Answer):
    """Why a job stands still: a stable `code`, a sentence, and until when, where that is known.

    `code`: told (the ledger says it: a back-off, a limit, a budget, a worker that died), jobs_before, all_busy, soon,
    paused (the queue, by a person), and what a person must see to: no_worker, redis_away, stalled.
    """

    code: str
    detail: str = Field(validation_alias="sentence")
    until: datetime | None


class Cost(BaseModel):
    """What a job has paid so far; `amount` is null where the price list does not know the model."""

    tokens: int
    amount: float | None
    currency: str | None


class JobAnswer(BaseModel):
    """One job. `status`: queued, running, waiting, cancelling, completed, completed_with_errors, failed, cancelled.

    `waiting` is null while the job is at work or over; `message` tells the same in words.
    """

    id: UUID
    number: int | None
    kind: str
    status: str
    message: str
    waiting: WaitAnswer | None
    steps: list[StepAnswer]
    progress: Progress
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    requested_by: str
    retry_of: UUID | None
    error: JobError | None
    cost: Cost
    links: dict[str, str]


class PartAnswer(Answer):
    """One share of a job, from 0. `status`: queued, running, waiting (`until` when), done, failed, cancelled."""

    n: int
    status: str
    total: int
    done: int
    skipped: int
    failed: int
    attempt: int
    message: str
    until: datetime | None


class JobDetail(JobAnswer):
    """One job with its parts."""

    parts: list[PartAnswer]


class JobList(Listing[JobAnswer]):
    """Jobs, newest first."""


class EventAnswer(Answer):
    """One line of a job's story. `level`: info, wait, error; `part` is null for the whole job."""

    id: int
    at: datetime
    level: str
    part: int | None
    message: str


class EventList(Listing[EventAnswer]):
    """What happened to a job, newest first."""


class RecordAnswer(Answer):
    """One record of a job. `outcome`: indexed, failed, unchanged, removed, pending, not_reached; of acts done, skipped.

    Of an act on jobs, `record_id` is the number of a job and `full_name` its title; `led_to` what was launched for it.
    """

    part: int
    position: int
    record_id: int
    outcome: str
    external_id: str | None
    full_name: str | None
    failure_id: int | None
    cause: str | None
    reason: str | None
    led_to: UUID | None = None


class RecordList(Listing[RecordAnswer]):
    """The records of a job in the order of work."""
