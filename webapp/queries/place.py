"""Where a candidate is in the index, in the words of the coverage: as a condition of a list, and as a column.

The conditions look a place up for each candidate at hand: readers bring few, and stop when they have enough. As joins
they would be made with everybody first.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select

from core.coverage import CoverageView
from core.models import Candidate, Failure, IndexState

STATES = ("indexed", "missing", "stale", "failed", "orphaned", "not_eligible")
LISTS = (*STATES, "eligible", "other_model")  # of the stale, those whose vector is of another model or size
NOWHERE = ("", "", 0)


def is_in(state: str, coverage: CoverageView | None) -> ColumnElement[bool]:
    """Let through the candidates of one of LISTS; the states are disjoint, and a failure outweighs the rest.

    `edited` are those of the failed who were changed since: a sync tries them again.
    """
    match state:
        case "eligible":
            return and_(Candidate.eligible)
        case "orphaned":
            return and_(~Candidate.eligible, _of_place(literal(True), coverage).is_not(None))
        case "not_eligible":
            return and_(~Candidate.eligible, _of_place(literal(True), coverage).is_(None))
        case "failed":
            return and_(Candidate.eligible, _failed(coverage))
        case "edited":
            changed = and_(_failure(coverage), Failure.source_version != Candidate.updated_at)
            again = select(literal(1)).where(changed).exists()
            return and_(Candidate.eligible, again, _of_place(_current(coverage), coverage).is_not(True))
        case "missing":
            fits = _of_place(literal(True), coverage).is_(None)
        case "stale":
            fits = _of_place(_current(coverage), coverage).is_(False)
        case "other_model":
            fits = _of_place(_same_model(coverage), coverage).is_(False)
        case _:
            fits = _of_place(_current(coverage), coverage).is_(True)
    return and_(Candidate.eligible, fits, ~_failed(coverage))


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


def _of_place(column: ColumnElement[bool], coverage: CoverageView | None) -> ColumnElement[bool]:
    return select(column).where(_place(coverage)).scalar_subquery()


def _failed(coverage: CoverageView | None) -> ColumnElement[bool]:
    return select(literal(1)).where(_failure(coverage)).exists()


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
