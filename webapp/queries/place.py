"""Where a candidate is in the index, in the words of the coverage: as a condition of a list, and as a column.

The conditions are written for a million candidates: as EXISTS they become merged or hashed joins, where an outer
join that asks for NULL is taken by the planner for one row.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, literal, select

from core.coverage import CoverageView
from core.models import Candidate, Failure, IndexState

STATES = ("indexed", "missing", "stale", "failed", "orphaned", "not_eligible")
NOWHERE = ("", "", 0)


def is_in(state: str, coverage: CoverageView | None) -> ColumnElement[bool]:
    """Let through the candidates of one state; the states are disjoint, and a failure outweighs the rest."""
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
    # Nearly everybody: read one by one until the page is full, and not joined as a whole.
    one_by_one = select(_current(coverage)).where(_place(coverage)).scalar_subquery()
    return and_(Candidate.eligible, one_by_one, ~failed)


def with_place(coverage: CoverageView | None) -> Select[*tuple[Any, ...]]:
    """Select candidates with their state, when and by which job they were indexed, and the cause of a failure."""
    placed, failed = IndexState.record_id.is_not(None), Failure.id.is_not(None)
    state = case(
        (~Candidate.eligible, case((placed, "orphaned"), else_="not_eligible")),
        (failed, "failed"),
        (~placed, "missing"),
        (_current(coverage), "indexed"),
        else_="stale",
    )
    return (
        select(Candidate, state.label("state"), IndexState.indexed_at, IndexState.job_id, Failure.cause)
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
    _, model, dimension = _names(coverage)
    version = IndexState.source_version == Candidate.updated_at
    return and_(version, IndexState.model == model, IndexState.dimension == dimension)


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
