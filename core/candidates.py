"""Candidates as jobs read them: one frozen value a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import Session

from core.db import bigints, cursor, moments
from core.models import Candidate
from core.ports import RecordFilter


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One row of `candidates`, as it was read. `experience` and `education` are whatever JSON is there, or UNREADABLE.

    PostgreSQL does not keep arrays flat: `skills` and `languages` may hold lists, and None anywhere.
    """

    id: int
    external_id: str
    full_name: str
    headline: str | None
    summary: str | None
    skills: list[Any] | None
    experience: Any
    education: Any
    years_experience: int | None
    location: str | None
    languages: list[Any] | None
    status: str | None
    eligible: bool
    updated_at: datetime


COLUMNS = ", ".join(field.name for field in fields(CandidateRow))


READ = f"SELECT {COLUMNS} FROM candidates WHERE id = ANY(%s::bigint[])"  # noqa: S608  (our own names)


def read(session: Session, ids: Sequence[int]) -> dict[int, CandidateRow]:
    """Read candidates by id; who is gone is not in the answer. One short read, straight through the driver."""
    with cursor(session) as cur:
        cur.execute(READ, [bigints(ids)])
        return {row[0]: CandidateRow(*row) for row in cur}


def changed(session: Session, versions: Mapping[int, datetime]) -> list[int]:
    """Say which of these candidates are no longer the version that was read, or are gone."""
    with cursor(session) as cur:
        cur.execute(
            "SELECT seen.id FROM unnest(%s::bigint[], %s::timestamptz[]) AS seen(id, version) "
            "LEFT JOIN candidates c ON c.id = seen.id WHERE c.updated_at IS DISTINCT FROM seen.version",
            [bigints(versions), moments(versions.values())],
        )
        return [row[0] for row in cur]


def matching(where: RecordFilter) -> list[ColumnElement[bool]]:
    """Turn a record filter into conditions on `candidates`; text is compared without regard to case."""
    conditions: list[ColumnElement[bool]] = []
    if where.location:
        conditions.append(func.lower(Candidate.location) == where.location.lower())
    if where.skills:
        conditions.append(Candidate.skills.contains(list(where.skills)))
    if where.languages:
        conditions.append(Candidate.languages.contains(list(where.languages)))
    if where.status:
        conditions.append(Candidate.status == where.status)
    if where.min_years is not None:
        conditions.append(Candidate.years_experience >= where.min_years)
    return conditions
