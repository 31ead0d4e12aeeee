"""Candidates as jobs read them: one frozen value a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One row of `candidates`, as it was read; `experience` and `education` are whatever JSON is there."""

    id: int
    external_id: str
    full_name: str
    headline: str | None
    summary: str | None
    skills: list[str] | None
    experience: Any
    education: Any
    years_experience: int | None
    location: str | None
    languages: list[str] | None
    status: str | None
    eligible: bool
    updated_at: datetime
