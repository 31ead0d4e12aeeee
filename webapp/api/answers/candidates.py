"""Candidates, the coverage, and whom a search found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from webapp.api.answers.failures import FailureAnswer
from webapp.api.answers.listing import Answer, Listing


class CoverageAnswer(Answer):
    """Eligible = indexed + missing + stale + failed. All is null before the first check."""

    eligible: int | None = None
    indexed: int | None = None
    missing: int | None = None
    stale: int | None = None
    other_model: int | None = Field(
        default=None, description="Of the stale: those whose vector is of another model or size."
    )
    failed: int | None = None
    orphaned: int | None = None
    points: int | None = None
    collection: str | None = None
    model: str | None = None
    checked_at: datetime | None = None


class CandidateItem(Answer):
    """One candidate. `state`: indexed, missing, stale, failed, orphaned, not_eligible.

    `why`: the cause of the failure, never (indexed), changed, other_model, deleted, opted_out, no_text; else null.
    """

    id: int
    external_id: str
    full_name: str
    headline: str | None
    location: str | None
    status: str | None
    years_experience: int | None
    updated_at: datetime
    state: str
    why: str | None
    since: datetime | None
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


class TextAnswer(Answer):
    """What there is to embed: its length and its hash, never the text; `kept` when its vector was paid for already."""

    characters: int
    truncated: bool
    content_hash: str | None
    kept: bool


class RankAnswer(Answer):
    """The place among the first `among` that a search gives; null when not one of these."""

    rank: int | None
    score: float | None
    among: int


class PointAnswer(Answer):
    """The point as it was read for this answer; `own` is the rank in a search by the person's own text."""

    collection: str
    there: bool
    payload: dict[str, Any]
    size: int = Field(description="How many numbers its vector has; 0 when there is none.")
    norm: float
    own: RankAnswer | None
    took_ms: float


class NearAnswer(BaseModel):
    """Somebody whose point is near."""

    id: int
    external_id: str
    full_name: str
    score: float


class InHandAnswer(BaseModel):
    """The job that is about to index them; `part` counts from 0 and is null before the job is cut."""

    job_id: UUID
    part: int | None
    parts: int
    status: str


class CandidateAnswer(Answer):
    """One candidate with its index history, newest first; its text stays in PostgreSQL.

    `answer` says whether they can be found: found, facts_old, text_old, other_model, unseen (the index could not be
    asked), missing, failed, lost (by the index), wrong_size, wrong_text, orphaned, opted_out, deleted, no_text.
    """

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
    answer: str
    text: TextAnswer | None
    point_id: UUID
    point: PointAnswer | None = Field(description="null when the index was not asked, or did not answer.")
    point_error: str | None
    by_headline: RankAnswer | None = Field(description="null unless that is free, or `ask` was sent.")
    nearest: list[NearAnswer]
    under_way: InHandAnswer | None
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
