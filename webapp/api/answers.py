"""What the API answers: times in ISO 8601 and UTC, what is not known as null."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from webapp.queries.page import Page

T = TypeVar("T")
R = TypeVar("R")


class Answer(BaseModel):
    """An object made from one of ours by its attributes."""

    model_config = ConfigDict(from_attributes=True)


class Listing(BaseModel, Generic[T]):
    """A page of a list: `next` is the cursor of the page after it; `total` may be an estimate above 10,000."""

    items: list[T]
    next: str | None = Field(description="Send it as `cursor` for the page after this one; null on the last.")
    total: int
    total_exact: bool

    @classmethod
    def of(cls, page: Page[R], item: Callable[[R], T]) -> Any:
        """Write a page of values as a page of answers."""
        items = [item(value) for value in page.items]
        return cls(items=items, next=page.next, total=page.total, total_exact=page.total_exact)


class StepAnswer(Answer):
    """How far one step is; `total` is null until it is known."""

    name: str
    status: str
    total: int | None
    done: int
    skipped: int
    failed: int


class Progress(BaseModel):
    """`percent` from 0 to 100, `rate` in records a second, `eta_seconds` from now."""

    total: int | None
    done: int
    skipped: int
    failed: int
    percent: float | None
    rate: float | None
    eta_seconds: float | None


class JobError(BaseModel):
    """Why a job stopped: a stable `code`, and a sentence with the cure."""

    code: str
    detail: str | None


class Cost(BaseModel):
    """What a job has paid so far; `amount` is null where the price list does not know the model."""

    tokens: int
    amount: float | None
    currency: str | None


class JobAnswer(BaseModel):
    """One job. `status`: queued, running, waiting, cancelling, completed, completed_with_errors, failed, cancelled."""

    id: UUID
    kind: str
    status: str
    message: str
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


class JobList(Listing[JobAnswer]):
    """Jobs, newest first."""


class LaunchAnswer(BaseModel):
    """The job to watch."""

    job_id: UUID
    status: str
    status_url: str


class EmbeddingsAnswer(LaunchAnswer):
    """The job to watch, and the ids that are nobody's."""

    rejected: list[int]


class PreviewAnswer(Answer):
    """What a job would do if it were launched now; nothing was done."""

    records: int
    to_embed: int
    deletions: int
    estimated_tokens: int
    estimated_cost: float | None
    currency: str | None
    estimated_seconds: float | None
    overlapping: list[UUID]


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
    """One record of a job. `outcome`: indexed, failed, unchanged, removed, pending, not_reached."""

    part: int
    position: int
    record_id: int
    outcome: str
    external_id: str | None
    full_name: str | None
    failure_id: int | None
    cause: str | None
    reason: str | None


class RecordList(Listing[RecordAnswer]):
    """The records of a job in the order of work."""


class GroupAnswer(Answer):
    """The failures of one cause; `records` counts different ones, `sample` is the latest reason."""

    cause: str
    count: int = Field(validation_alias="total")
    records: int
    jobs: int
    last_hour: int
    last_day: int
    first_seen: datetime
    last_seen: datetime
    steps: list[str]
    sample: str


class FailureAnswer(Answer):
    """One failure; `record_id` is null for a whole part. `status`: open, resolved, discarded."""

    id: int
    record_kind: str
    record_id: int | None
    external_id: str | None = None
    full_name: str | None = None
    job_id: UUID
    part: int | None
    step: str
    cause: str
    reason: str
    attempts: int
    status: str
    first_seen: datetime
    last_seen: datetime
    closed_at: datetime | None
    closed_by: str | None
    note: str | None


class GroupList(Listing[GroupAnswer]):
    """Failures by cause, latest first."""


class FailureList(Listing[FailureAnswer]):
    """Single failures, last seen first."""


class DiscardAnswer(BaseModel):
    """How many failures were open and are now closed for good."""

    discarded: int


class CoverageAnswer(Answer):
    """Eligible = indexed + missing + stale + failed. All is null before the first check."""

    eligible: int | None = None
    indexed: int | None = None
    missing: int | None = None
    stale: int | None = None
    failed: int | None = None
    orphaned: int | None = None
    points: int | None = None
    collection: str | None = None
    model: str | None = None
    checked_at: datetime | None = None


class CandidateItem(Answer):
    """One candidate. `state`: indexed, missing, stale, failed, orphaned, not_eligible."""

    id: int
    external_id: str
    full_name: str
    headline: str | None
    location: str | None
    status: str | None
    years_experience: int | None
    updated_at: datetime
    state: str
    indexed_at: datetime | None
    job_id: UUID | None
    cause: str | None


class CandidateList(Listing[CandidateItem]):
    """Candidates, newest first."""


class PlaceAnswer(Answer):
    """One candidate's point in one collection, as last acknowledged by the index."""

    collection: str
    model: str
    dimension: int
    source_version: datetime
    job_id: UUID | None
    indexed_at: datetime


class HappeningAnswer(Answer):
    """One line of a candidate's index history: created, changed, indexed, failed, resolved or discarded."""

    at: datetime
    what: str
    detail: str
    job_id: UUID | None
    model: str | None


class CandidateAnswer(Answer):
    """One candidate with its index history, newest first; its text stays in PostgreSQL."""

    id: int
    external_id: str
    full_name: str
    headline: str | None
    location: str | None
    languages: list[str] | None
    skills: list[str] | None
    status: str | None
    years_experience: int | None
    eligible: bool
    opted_out: bool | None
    deleted_at: datetime | None
    created_at: datetime
    updated_at: datetime
    state: str
    point_id: UUID
    places: list[PlaceAnswer]
    failures: list[FailureAnswer]
    history: list[HappeningAnswer]


class FoundAnswer(Answer):
    """One person that a search found; `score` is the cosine similarity, `passage` the part of the text that fits."""

    id: int
    external_id: str
    full_name: str
    headline: str | None
    score: float
    passage: str


class SearchList(Listing[FoundAnswer]):
    """What a search found, best first."""

    model: str
    took_ms: float
