"""What a launch answers, and what a dry run foretells."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from webapp.api.answers.listing import Answer


class LaunchAnswer(BaseModel):
    """The job to watch."""

    job_id: UUID
    status: str
    status_url: str


class EmbeddingsAnswer(LaunchAnswer):
    """The job to watch, and the ids that are nobody's."""

    rejected: list[int]


class PreviewAnswer(Answer):
    """What a job would do if it were launched now; nothing was done.

    `in_hand` are in the hands of other jobs; about `kept` are unchanged and have their vector still. Among
    very many people the counts are estimates, made of the last comparison, at `as_of`; null = counted now.
    """

    matching: int
    in_hand: int
    records: int
    to_embed: int
    kept: int
    deletions: int
    estimated_tokens: int
    estimated_cost: float | None
    currency: str | None
    estimated_seconds: float | None
    overlapping: list[UUID]
    as_of: datetime | None
