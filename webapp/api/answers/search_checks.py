"""Checks of the search, as scripts see them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from webapp.api.answers.listing import Answer, Listing


class AskedAnswer(Answer):
    """One person of a check: `rank` counts from 1 and is null when they were not found."""

    id: int
    rank: int | None
    ms: float


class SearchCheckAnswer(Answer):
    """Known people asked for by their own text; times in milliseconds."""

    id: int
    taken_at: datetime
    job_id: UUID | None = Field(description="The job that it followed; null when somebody, or the clock, asked for it.")
    requested_by: str
    collection: str
    model: str
    asked: int
    found: int = Field(description="Of those asked for, how many were among the first `k`.")
    k: int
    p50_ms: float | None
    p95_ms: float | None
    people: list[AskedAnswer]


class SearchCheckList(Listing[SearchCheckAnswer]):
    """Checks of the search, newest first."""
