"""Can recruiters find everyone? The candidates compared with what the index has acknowledged, as a snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.models import Coverage
from core.ports import Collection


@dataclass(frozen=True, slots=True)
class CoverageView:
    """`eligible = indexed + missing + stale + failed`, disjoint. `points` is what the index counts; None = not known.

    Failed: has an open failure. Stale: another version or another model is indexed. Orphaned: a point of somebody
    who is gone, opted out or without text. Edited: of the failed, those changed since, whom a sync tries again.
    """

    eligible: int
    indexed: int
    missing: int
    stale: int
    failed: int
    orphaned: int
    points: int | None
    collection: str | None
    model: str | None
    dimension: int | None
    checked_at: datetime
    other_model: int = 0
    edited: int = 0
    alias: str = ""


RANGE = 1024  # ids; people of a state are looked for in the ranges that have some

# Both sides are read from indexes that hold all that is compared, in the order of their ids, and meet in one pass.
COUNT = text("""
    SELECT coalesce(c.id, s.record_id) / :range AS range,
           count(c.id) AS eligible,
           count(*) FILTER (WHERE f.record_id IS NOT NULL) AS failed,
           count(*) FILTER (
               WHERE f.source_version <> c.updated_at
               AND (s.record_id IS NULL OR other OR s.source_version <> c.updated_at)
           ) AS edited,
           count(*) FILTER (WHERE s.record_id IS NULL AND f.record_id IS NULL) AS missing,
           count(*) FILTER (WHERE c.id IS NULL) AS orphaned,
           count(*) FILTER (WHERE known AND (other OR s.source_version <> c.updated_at)) AS stale,
           count(*) FILTER (WHERE known AND other) AS other_model
    FROM (SELECT id, updated_at FROM candidates WHERE eligible) c
    FULL JOIN (
        SELECT record_id, source_version, model <> :model OR dimension <> :dimension AS other
        FROM index_state WHERE record_kind = 'candidate' AND collection = :collection
    ) s ON s.record_id = c.id
    LEFT JOIN failures f
        ON f.record_kind = 'candidate' AND f.collection = :collection AND f.record_id = c.id AND f.status = 'open'
    CROSS JOIN LATERAL (SELECT c.id IS NOT NULL AND s.record_id IS NOT NULL AND f.record_id IS NULL AS known) k
    GROUP BY 1 ORDER BY 1 DESC
""")
STATES = ("eligible", "failed", "missing", "orphaned", "stale", "other_model", "edited", "indexed")


def check(session: Session, alias: str, collection: Collection | None, points: int | None) -> CoverageView:
    """Compare now and keep the snapshot. Without a collection everybody eligible is missing. Commits."""
    names = {
        "collection": collection.name if collection else "",
        "model": collection.model if collection else "",
        "dimension": collection.dimension if collection else 0,
    }
    counted = [_with_indexed(row) for row in session.execute(COUNT, names | {"range": RANGE}).mappings()]
    figures: dict[str, Any] = {state: sum(row[state] for row in counted) for state in STATES}
    figures |= {"points": points} | {name: value or None for name, value in names.items()}
    places = {state: [row["range"] for row in counted if row[state]] for state in STATES}
    # What is changed while we compare is younger than the snapshot: it is as old as its transaction.
    row = insert(Coverage).values(alias=alias, figures=figures, ranges=places, checked_at=func.now())
    session.execute(
        row.on_conflict_do_update(
            index_elements=["alias"],
            set_={name: row.excluded[name] for name in ("figures", "ranges", "checked_at")},
        )
    )
    session.commit()
    view = snapshot(session, alias)
    assert view is not None
    return view


def _with_indexed(row: RowMapping) -> dict[str, int]:
    others = row["failed"] + row["missing"] + row["stale"]
    return {**row, "indexed": row["eligible"] - others}


def ranges(session: Session, alias: str, state: str) -> list[int] | None:
    """Say in which ranges of ids (the nth has n * RANGE and the RANGE - 1 after it) the last comparison saw a state.

    The newest first; None when no comparison tells of this state.
    """
    found: list[int] | None = session.scalar(select(Coverage.ranges[state]).where(Coverage.alias == alias))
    return found


def snapshot(session: Session, alias: str) -> CoverageView | None:
    """Return the last comparison; None when there was none yet."""
    row = session.get(Coverage, alias, populate_existing=True)
    return CoverageView(**row.figures, checked_at=row.checked_at, alias=row.alias) if row else None


def known_collection(session: Session, alias: str) -> Collection:
    """Name the collection as the last comparison saw it; without one, a place that nobody is indexed in."""
    row = session.get(Coverage, alias)
    figures = row.figures if row else {}
    return Collection(figures.get("collection") or "", figures.get("model") or "", figures.get("dimension") or 0)
