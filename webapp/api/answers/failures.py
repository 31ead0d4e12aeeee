"""Failures by cause and one by one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from webapp.api.answers.listing import Answer, Listing


class GroupAnswer(Answer):
    """The failures of one cause; `records` are those of single records, `sample` is the latest reason."""

    cause: str
    count: int = Field(validation_alias="total")
    records: int
    jobs: int
    last_hour: int = Field(description="Last seen within an hour, also those closed since.")
    last_day: int
    last_week: int
    hopeless: int = Field(description="Of the open ones, those that fail again until somebody mends their text.")
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
    trace_id: str | None = Field(description="The provider's id of the request, where it gave one.")
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
