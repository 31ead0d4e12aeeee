"""Where a candidate is in the index, in the words of the coverage: as a condition of a list, and as a column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true

from core.coverage import CoverageView
from core.models import Candidate, Failure, IndexState

STATES = ("indexed", "missing", "stale", "failed", "orphaned", "not_eligible")
LISTS = (*STATES, "eligible", "other_model")  # of the stale, those whose vector is of another model or size
Row = TypeVarTuple("Row")
NOWHERE = ("", "", 0)


def is_in(state: str, coverage: CoverageView | None) -> ColumnElement[bool]:
    """Let through the candidates of one of LISTS; the states are disjoint, and a failure outweighs the rest.

    It speaks of the rows that `joined` adds. `edited` are those of the failed who were changed since: a sync tries
    them again.
    """
    placed, failed = IndexState.record_id.is_not(None), Failure.record_id.is_not(None)
    current = and_(placed, _current(coverage))
    fits: ColumnElement[bool]
    match state:
        case "orphaned":
            return and_(~Candidate.eligible, placed)
        case "not_eligible":
            return and_(~Candidate.eligible, ~placed)
        case "eligible":
            fits = true()
        case "failed":
            fits = failed
        case "edited":
            fits = and_(failed, Failure.source_version != Candidate.updated_at, ~current)
        case "missing":
            fits = and_(~failed, ~placed)
        case "stale":
            fits = and_(~failed, placed, ~current)
        case "other_model":
            fits = and_(~failed, placed, ~_same_model(coverage))
        case _:
            fits = and_(~failed, current)
    return and_(Candidate.eligible, fits)


def is_in_any(states: Sequence[str], coverage: CoverageView | None) -> ColumnElement[bool]:
    """Let through the candidates of several of LISTS."""
    return or_(*(is_in(state, coverage) for state in states))


def joined(
    people: Select[*Row], coverage: CoverageView | None, within: Callable[[Any], ColumnElement[bool]] | None = None
) -> Select[*Row]:
    """Add to candidates their place and their open failure, if there are any.

    `within` says again of the others' ids which candidates are meant: a range is then read once from each index.
    """
    near = [within(IndexState.record_id)] if within else []
    aside = [within(Failure.record_id)] if within else []
    places = people.outerjoin(IndexState, and_(_place(coverage), *near))
    return places.outerjoin(Failure, and_(_failure(coverage), *aside))


def with_place(coverage: CoverageView | None) -> Select[*tuple[Any, ...]]:
    """Select candidates with their state, why and since when they are in it, and the job that indexed them."""
    placed, failed = IndexState.record_id.is_not(None), Failure.id.is_not(None)
    state = case(
        (~Candidate.eligible, case((placed, "orphaned"), else_="not_eligible")),
        (failed, "failed"),
        (~placed, "missing"),
        (_current(coverage), "indexed"),
        else_="stale",
    )
    why = case(
        (Candidate.eligible & failed, Failure.cause),
        (Candidate.eligible & ~placed, "never"),
        (Candidate.eligible & ~_same_model(coverage), "other_model"),
        (Candidate.eligible & ~_current(coverage), "changed"),
        (Candidate.eligible, None),
        (Candidate.deleted_at.is_not(None), "deleted"),
        (func.coalesce(Candidate.opted_out, False), "opted_out"),
        else_="no_text",
    )
    since = case(
        (Candidate.eligible & failed, Failure.first_seen),
        (Candidate.eligible & (IndexState.source_version == Candidate.updated_at), IndexState.indexed_at),
        (~Candidate.eligible, func.coalesce(Candidate.deleted_at, Candidate.updated_at)),
        else_=Candidate.updated_at,
    )
    rows = select(
        Candidate,
        state.label("state"),
        why.label("why"),
        since.label("since"),
        IndexState.indexed_at,
        IndexState.job_id,
        Failure.cause,
    )
    return joined(rows, coverage)


def _place(coverage: CoverageView | None) -> ColumnElement[bool]:
    collection, _, _ = _names(coverage)
    return and_(
        IndexState.record_kind == "candidate",
        IndexState.collection == collection,
        IndexState.record_id == Candidate.id,
    )


def _current(coverage: CoverageView | None) -> ColumnElement[bool]:
    """Match a place of this version, by this model and of its size."""
    return and_(IndexState.source_version == Candidate.updated_at, _same_model(coverage))


def _same_model(coverage: CoverageView | None) -> ColumnElement[bool]:
    _, model, dimension = _names(coverage)
    return and_(IndexState.model == model, IndexState.dimension == dimension)


def _failure(coverage: CoverageView | None) -> ColumnElement[bool]:
    collection, _, _ = _names(coverage)
    return and_(
        Failure.record_kind == "candidate",
        Failure.collection == collection,
        Failure.record_id == Candidate.id,
        Failure.status == "open",
    )


def _names(coverage: CoverageView | None) -> tuple[str, str, int]:
    if coverage is None or coverage.collection is None:
        return NOWHERE
    return coverage.collection, coverage.model or "", coverage.dimension or 0
