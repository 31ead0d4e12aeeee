"""Candidates with their place in the index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import any_, select
from sqlalchemy.orm import Session, load_only

from core.candidates import matching
from core.coverage import CoverageView
from core.errors import NotFound
from core.models import Candidate, Failure, IndexState
from core.ports import RecordFilter
from webapp.queries.chosen import Chosen
from webapp.queries.mentions import ways
from webapp.queries.page import BATCH, BIGINT, LIMIT, Page, bounded, number, page_of, read_cursor
from webapp.queries.place import LISTS, STATES, with_place
from webapp.queries.text import clean

__all__ = [
    "LISTS",
    "STATES",
    "CandidateDetail",
    "CandidateFilter",
    "CandidateRow",
    "each",
    "find_page",
    "ids",
    "named",
    "show",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class CandidateFilter:
    """Which candidates: every given field must match.

    `state` is one of LISTS. `text` is one of our ids, the start of an external id, or of any word of the name.
    """

    state: str | None = None
    text: str = ""
    where: RecordFilter = field(default_factory=RecordFilter)


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One candidate of a list; `cause` is that of the open failure.

    `why` they are in this state: the cause, never, changed, other_model, deleted, opted_out, no_text; None when all
    is well.
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
    """One candidate, its place in every collection (newest first), its failures and its history.

    `skills` and `languages` are flat and without NULLs, whatever PostgreSQL's arrays hold.
    """

    candidate: Candidate
    skills: list[str] | None
    languages: list[str] | None
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
    chosen = _chosen(session, where, coverage)
    found = _read(session, chosen.newest(read_cursor(cursor, number)[0] if cursor else BIGINT, limit + 1), coverage)
    return page_of(found, limit, cursor, chosen.total, lambda row: (row.id,))


def each(session: Session, where: CandidateFilter, coverage: CoverageView | None, most: int) -> Iterator[CandidateRow]:
    """Give what matches for a file, newest first, `most` at most; a slow reader holds no connection meanwhile."""
    chosen = _chosen(session, where, coverage)
    left, behind, size = most, BIGINT, LIMIT  # the first lines soon
    while left and (ids := chosen.newest(behind, min(size, left))):
        found = _read(session, ids, coverage)
        session.expunge_all()
        session.commit()
        yield from found
        left, behind, size = left - len(ids), ids[-1], BATCH


def ids(session: Session, where: CandidateFilter, coverage: CoverageView | None, most: int) -> Sequence[int]:
    """Name those who match, newest first, `most` at most: whom an act on a filter touches."""
    return _chosen(session, where, coverage).newest(BIGINT, most)


def named(session: Session, wanted: Sequence[int], coverage: CoverageView | None) -> list[CandidateRow]:
    """Read these people, in their order."""
    rows = session.execute(with_place(coverage).where(Candidate.id.in_(wanted)).options(_SHOWN))
    found = {row.id: row for row in (_row(*row) for row in rows)}
    return [found[person] for person in wanted if person in found]


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
    state = session.execute(with_place(coverage).where(Candidate.id == candidate_id)).one().state
    history = _history(candidate, places, failures)
    return CandidateDetail(
        candidate, _flat(candidate.skills), _flat(candidate.languages), state, tuple(places), tuple(failures), history
    )


def unknown(session: Session, ids: Sequence[int]) -> list[int]:
    """Say which of these ids are nobody's, in their order."""
    known = set(session.scalars(select(Candidate.id).where(Candidate.id == any_(list(ids)))))  # type: ignore[arg-type]
    return [candidate_id for candidate_id in ids if candidate_id not in known]


_SHOWN = load_only(
    Candidate.external_id,
    Candidate.full_name,
    Candidate.headline,
    Candidate.location,
    Candidate.status,
    Candidate.years_experience,
    Candidate.updated_at,
)
_ONE_INSERT = timedelta(milliseconds=1)  # a new row reads the clock twice


def _row(
    candidate: Candidate,
    state: str,
    why: str | None,
    since: datetime | None,
    indexed_at: datetime | None,
    job_id: UUID | None,
    cause: str | None,
) -> CandidateRow:
    return CandidateRow(
        id=candidate.id,
        external_id=candidate.external_id,
        full_name=candidate.full_name,
        headline=candidate.headline,
        location=candidate.location,
        status=candidate.status,
        years_experience=candidate.years_experience,
        updated_at=candidate.updated_at,
        state=state,
        why=why,
        since=since,
        indexed_at=indexed_at,
        job_id=job_id,
        cause=cause,
    )


def _flat(words: Sequence[Any] | None) -> list[str] | None:
    """Flatten an array that may hold NULLs and arrays: a `text[]` column takes both."""
    if words is None:
        return None
    parts = (_flat(word) or [] if isinstance(word, list) else [word] for word in words)
    return [word for part in parts for word in part if word is not None]


def _chosen(session: Session, where: CandidateFilter, coverage: CoverageView | None) -> Chosen:
    words = clean(where.text)
    states = (where.state,) if where.state else ()
    return Chosen(session, matching(where.where), ways(words) if words else [], states, coverage)


def _read(session: Session, ids: Sequence[int], coverage: CoverageView | None) -> list[CandidateRow]:
    rows = with_place(coverage).where(Candidate.id.in_(ids)).order_by(Candidate.id.desc()).options(_SHOWN)
    return [_row(*row) for row in session.execute(rows)]


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
