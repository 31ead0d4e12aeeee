"""Where a candidate is in the index, in the words of the coverage: as a condition of a list, and as a column.

The conditions are written for a million candidates: as EXISTS they become merged or hashed joins, where an outer
join that asks for NULL is taken by the planner for one row.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select

from core.coverage import CoverageView
from core.models import Candidate, Failure, IndexState

STATES = ("indexed", "missing", "stale", "failed", "orphaned", "not_eligible")
LISTS = (*STATES, "other_model")  # of the stale, those whose vector is of another model or size
NOWHERE = ("", "", 0)


def is_in(state: str, coverage: CoverageView | None) -> ColumnElement[bool]:
    """Let through the candidates of one of LISTS; the states are disjoint, and a failure outweighs the rest."""
    placed = select(literal(1)).where(_place(coverage)).exists()
    differs = select(literal(1)).where(_place(coverage), ~_current(coverage)).exists()
    failed = select(literal(1)).where(_failure(coverage)).exists()
    match state:
        case "orphaned":
            return and_(~Candidate.eligible, placed)
        case "not_eligible":
            return and_(~Candidate.eligible, ~placed)
        case "failed":
            return and_(Candidate.eligible, failed)
        case "missing":
            return and_(Candidate.eligible, ~placed, ~failed)
        case "stale":
            return and_(Candidate.eligible, differs, ~failed)
        case "other_model":
            other = select(literal(1)).where(_place(coverage), ~_same_model(coverage)).exists()
            return and_(Candidate.eligible, other, ~failed)
    # Nearly everybody: read one by one until the page is full, and not joined as a whole.
    one_by_one = select(_current(coverage)).where(_place(coverage)).scalar_subquery()
    return and_(Candidate.eligible, one_by_one, ~failed)


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
    return (
        select(
            Candidate,
            state.label("state"),
            why.label("why"),
            since.label("since"),
            IndexState.indexed_at,
            IndexState.job_id,
            Failure.cause,
        )
        .outerjoin(IndexState, _place(coverage))
        .outerjoin(Failure, _failure(coverage))
    )


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
