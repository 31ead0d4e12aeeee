"""Can recruiters find everyone? The candidates compared with what the index has acknowledged, as a snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.models import Coverage
from core.ports import Collection


@dataclass(frozen=True, slots=True)
class CoverageView:
    """`eligible = indexed + missing + stale + failed`, disjoint. `points` is what the index counts; None = not known.

    Failed: has an open failure. Stale: another version or another model is indexed. Orphaned: a point of somebody
    who is gone, opted out or without text.
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


COUNT = text("""
    WITH seen AS (
        SELECT c.eligible,
               s.record_id IS NOT NULL AS known,
               s.source_version = c.updated_at AND s.model = :model AND s.dimension = :dimension AS fresh,
               f.record_id IS NOT NULL AS failed
        FROM candidates c
        LEFT JOIN index_state s
            ON s.record_kind = 'candidate' AND s.collection = :collection AND s.record_id = c.id
        LEFT JOIN failures f
            ON f.record_kind = 'candidate' AND f.collection = :collection AND f.record_id = c.id AND f.status = 'open'
    )
    SELECT count(*) FILTER (WHERE eligible) AS eligible,
           count(*) FILTER (WHERE eligible AND NOT failed AND fresh) AS indexed,
           count(*) FILTER (WHERE eligible AND NOT failed AND NOT known) AS missing,
           count(*) FILTER (WHERE eligible AND NOT failed AND known AND NOT fresh) AS stale,
           count(*) FILTER (WHERE eligible AND failed) AS failed,
           count(*) FILTER (WHERE NOT eligible AND known) AS orphaned
    FROM seen
""")
GONE = text("""
    SELECT count(*) FROM index_state s
    WHERE s.record_kind = 'candidate' AND s.collection = :collection
      AND NOT EXISTS (SELECT FROM candidates c WHERE c.id = s.record_id)
""")


def check(session: Session, alias: str, collection: Collection | None, points: int | None) -> CoverageView:
    """Compare now and keep the snapshot. Without a collection everybody eligible is missing. Commits."""
    names = {
        "collection": collection.name if collection else "",
        "model": collection.model if collection else "",
        "dimension": collection.dimension if collection else 0,
    }
    figures = dict(session.execute(COUNT, names).mappings().one())
    figures["orphaned"] += session.execute(GONE, {"collection": names["collection"]}).scalar_one()
    figures |= {"points": points} | {name: value or None for name, value in names.items()}
    row = insert(Coverage).values(alias=alias, figures=figures, checked_at=func.clock_timestamp())
    session.execute(
        row.on_conflict_do_update(
            index_elements=["alias"],
            set_={"figures": row.excluded.figures, "checked_at": row.excluded.checked_at},
        )
    )
    session.commit()
    view = snapshot(session, alias)
    assert view is not None
    return view


def snapshot(session: Session, alias: str) -> CoverageView | None:
    """Return the last comparison; None when there was none yet."""
    row = session.get(Coverage, alias, populate_existing=True)
    return CoverageView(**row.figures, checked_at=row.checked_at) if row else None


def known_collection(session: Session, alias: str) -> Collection:
    """Name the collection as the last comparison saw it; without one, a place that nobody is indexed in."""
    row = session.get(Coverage, alias)
    figures = row.figures if row else {}
    return Collection(figures.get("collection") or "", figures.get("model") or "", figures.get("dimension") or 0)
