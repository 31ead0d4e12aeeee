"""Candidates, the coverage, and whom a search found."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from webapp.api.answers.failures import FailureAnswer
from webapp.api.answers.listing import Answer, Listing


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
