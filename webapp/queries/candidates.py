"""Candidates with their place in the index."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, any_, bindparam, case, func, literal_column, or_, select
from sqlalchemy.orm import Session

from core.candidates import matching
from core.coverage import CoverageView
from core.errors import NotFound
from core.models import Candidate, Failure, IndexState
from core.ports import RecordFilter
from webapp.queries.page import BIGINT, LIMIT, Page, bounded, count, number, page_of, read_cursor
from webapp.queries.text import clean

STATES = ("indexed", "missing", "stale", "failed", "orphaned", "not_eligible")


@dataclass(frozen=True, slots=True)
class CandidateFilter:
    """Which candidates: every given field must match.

    `text` is one of our ids, the start of an external id, or the start of any word of the name.
    """

    state: str | None = None
    text: str = ""
    where: RecordFilter = field(default_factory=RecordFilter)


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One candidate of a list; `cause` is that of the open failure."""

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


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a candidate's index history. `what`: created, changed, indexed, failed, resolved, discarded."""

    at: datetime
    what: str
    detail: str = ""
    job_id: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class CandidateDetail:
    """One candidate, its place in every collection (newest first), its failures and its history."""

    candidate: Candidate
    state: str
    places: tuple[IndexState, ...]
    failures: tuple[Failure, ...]
    history: tuple[Happening, ...]


def find_page(
    session: Session,
    where: CandidateFilter,
    coverage: CoverageView | None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[CandidateRow]:
    """List candidates, newest first; `coverage` names the collection and model that count, None while there is none."""
    limit = bounded(limit)
    chosen = _joined(coverage).where(*_conditions(where))
    rows = chosen.order_by(Candidate.id.desc()).limit(limit + 1)
    if cursor:
        rows = rows.where(Candidate.id < read_cursor(cursor, number)[0])
    found = [CandidateRow(**row._asdict()) for row in session.execute(rows)]
    total = count(session, chosen.with_only_columns(Candidate.id, maintain_column_froms=True))
    return page_of(found, limit, total, lambda row: (row.id,))


def show(session: Session, candidate_id: int, coverage: CoverageView | None) -> CandidateDetail:
    """Read one candidate with its index history; raise NotFound."""
    candidate = session.get(Candidate, candidate_id) if 0 < candidate_id <= BIGINT else None
    if candidate is None:
        raise NotFound(f"There is no candidate {candidate_id}.")
    of_it = (IndexState.record_kind == "candidate", IndexState.record_id == candidate_id)
    places = session.scalars(select(IndexState).where(*of_it).order_by(IndexState.indexed_at.desc())).all()
    failures = session.scalars(
        select(Failure)
        .where(Failure.record_kind == "candidate", Failure.record_id == candidate_id)
        .order_by(Failure.last_seen.desc())
    ).all()
    state = session.execute(_joined(coverage).where(Candidate.id == candidate_id)).one().state
    history = _history(candidate, places, failures)
    return CandidateDetail(candidate, state, tuple(places), tuple(failures), history)


def unknown(session: Session, ids: Sequence[int]) -> list[int]:
    """Say which of these ids are nobody's, in their order."""
    known = set(session.scalars(select(Candidate.id).where(Candidate.id == any_(list(ids)))))  # type: ignore[arg-type]
    return [candidate_id for candidate_id in ids if candidate_id not in known]


_ONE_INSERT = timedelta(milliseconds=1)  # a new row reads the clock twice
_SIMPLE: ColumnElement[str] = literal_column("'simple'::regconfig")  # literally, so that an index may match
_PLACED = IndexState.record_id.is_not(None)
_FAILED = Failure.id.is_not(None)
# Of this version, by this model and of its size: what the coverage counts as indexed.
_CURRENT = and_(
    IndexState.source_version == Candidate.updated_at,
    IndexState.model == bindparam("model"),
    IndexState.dimension == bindparam("dimension"),
)
# Disjoint, in the words of the coverage: a failure outweighs the rest.
_WHEN: dict[str, ColumnElement[bool]] = {
    "orphaned": and_(~Candidate.eligible, _PLACED),
    "not_eligible": and_(~Candidate.eligible, ~_PLACED),
    "failed": and_(Candidate.eligible, _FAILED),
    "missing": and_(Candidate.eligible, ~_FAILED, ~_PLACED),
    "stale": and_(Candidate.eligible, ~_FAILED, _PLACED, ~_CURRENT),
    "indexed": and_(Candidate.eligible, ~_FAILED, _PLACED, _CURRENT),
}


def _joined(coverage: CoverageView | None) -> Select[*tuple[Any, ...]]:
    collection = (coverage.collection if coverage else None) or ""
    state = case(*((condition, name) for name, condition in _WHEN.items())).label("state")
    place = and_(
        IndexState.record_kind == "candidate",
        IndexState.collection == collection,
        IndexState.record_id == Candidate.id,
    )
    failure = and_(
        Failure.record_kind == "candidate",
        Failure.collection == collection,
        Failure.record_id == Candidate.id,
        Failure.status == "open",
    )
    return (
        select(
            Candidate.id,
            Candidate.external_id,
            Candidate.full_name,
            Candidate.headline,
            Candidate.location,
            Candidate.status,
            Candidate.years_experience,
            Candidate.updated_at,
            state,
            IndexState.indexed_at,
            IndexState.job_id,
            Failure.cause,
        )
        .outerjoin(IndexState, place)
        .outerjoin(Failure, failure)
        .params(model=(coverage.model if coverage else None) or "")
        .params(dimension=(coverage.dimension if coverage else None) or 0)
    )


def _conditions(where: CandidateFilter) -> list[ColumnElement[bool]]:
    conditions = matching(where.where)
    if where.state:
        conditions.append(_WHEN[where.state])
    words = clean(where.text)
    if words:
        conditions.append(_mentions(words))
    return conditions


def _mentions(words: str) -> ColumnElement[bool]:
    """Match one of our ids, an external id from its start, or a name by the start of each word."""
    ways: list[ColumnElement[bool]] = [Candidate.external_id.startswith(words, autoescape=True)]
    beginnings = " & ".join(f"'{word}':*" for word in re.findall(r"\w+", words))
    if beginnings:
        name = func.to_tsvector(_SIMPLE, Candidate.full_name)
        ways.append(name.bool_op("@@")(func.to_tsquery(_SIMPLE, beginnings)))
    if words.isascii() and words.isdigit() and len(words) < 19:
        ways.append(Candidate.id == int(words))
    return or_(*ways)


def _history(candidate: Candidate, places: Sequence[IndexState], failures: Sequence[Failure]) -> tuple[Happening, ...]:
    lines = [Happening(candidate.created_at, "created")]
    if candidate.updated_at - candidate.created_at > _ONE_INSERT:
        lines.append(Happening(candidate.updated_at, "changed"))
    for place in places:
        job = str(place.job_id) if place.job_id else None
        lines.append(Happening(place.indexed_at, "indexed", place.collection, job, place.model))
    for failure in failures:
        lines.append(Happening(failure.last_seen, "failed", failure.reason, str(failure.job_id)))
        if failure.closed_at:
            lines.append(Happening(failure.closed_at, failure.status, failure.closed_by or ""))
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True))
