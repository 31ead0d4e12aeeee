"""A census: the points that the index holds, against those that the tables believe in.

A crash, a zombie's late write, an index restored from yesterday leave points that nobody knows of, and states of
points that are not there. It is taken when a job is cut, and only when there is a reason to doubt.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import structlog
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker

from core import index_state
from core.db import bigints
from core.pipeline.plan import RECORD_KIND, point_id
from core.ports import VectorIndex

log = structlog.get_logger(__name__)

INSERT_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Found:
    """What a census mended: states without their point, which are indexed again, and points that nobody knows of."""

    points: int
    forgotten: int
    removed: int


def take_if_in_doubt(
    index: VectorIndex, sessions: sessionmaker[Session], collection: str, *, hold_still: Callable[[Session], None]
) -> Found | None:
    """Compare and mend when the figures differ or something went wrong since the last time; None when all is well.

    `hold_still` keeps new parts from appearing until the transaction ends. Raises TryAgain and GiveUp as the index.
    """
    with sessions.begin() as session:
        doubted = index_state.in_doubt(session, collection)
        states = index_state.count(session, RECORD_KIND, collection)
    if not doubted and index.count(collection) == states:
        return None
    with sessions() as session:
        began: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    points = _scan(index, collection)
    with sessions.begin() as session:
        hold_still(session)
        found = _compare(session, index, collection, points, began)
        index_state.trust(session, collection, began)
    log.warning("census", collection=collection, points=found.points, forgotten=found.forgotten, removed=found.removed)
    return found


@dataclass(frozen=True, slots=True)
class _Points:
    """What a scan saw, 16 bytes a point; `strays` are no record's point."""

    records: np.ndarray[tuple[int], np.dtype[np.int64]]
    versions: np.ndarray[tuple[int], np.dtype[np.int64]]
    strays: Sequence[uuid.UUID]


def _scan(index: VectorIndex, collection: str) -> _Points:
    rows = [np.empty((0, 2), np.int64)]
    strays: list[uuid.UUID] = []
    for page in index.scan(collection):
        own = [point for point in page if point.record_id is not None and point.id == point_id(point.record_id)]
        rows.append(np.array([(point.record_id, point.version or 0) for point in own], np.int64).reshape(-1, 2))
        if len(own) < len(page):
            strays += {point.id for point in page} - {point.id for point in own}
    both = np.concatenate(rows)
    return _Points(both[:, 0], both[:, 1], strays)


def _compare(session: Session, index: VectorIndex, collection: str, points: _Points, began: datetime) -> Found:
    """Mend both sides. The one call within a transaction: between the look and the deletion no part may appear."""
    session.execute(SEEN)
    for start in range(0, len(points.records), INSERT_ROWS):
        some = slice(start, start + INSERT_ROWS)
        values = {"ids": bigints(points.records[some].tolist()), "versions": bigints(points.versions[some].tolist())}
        session.execute(INSERT, values)
    session.execute(ANALYZE)
    place = {"kind": RECORD_KIND, "collection": collection}
    unknown = session.scalars(UNKNOWN, place).all()  # first: whose state is forgotten below stays to be found
    forgotten = session.execute(FORGET, place | {"began": began}).rowcount  # type: ignore[attr-defined]
    gone = [*map(point_id, unknown), *points.strays]
    if gone:
        index.delete(collection, gone)
    return Found(len(points.records) + len(points.strays), forgotten, len(gone))


SEEN = text("CREATE TEMPORARY TABLE seen (record_id bigint, version bigint) ON COMMIT DROP")
INSERT = text("INSERT INTO seen SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:versions AS bigint[]))")
ANALYZE = text("ANALYZE seen")
UNKNOWN = text("""
    WITH in_hand AS (SELECT unnest(record_ids[cursor + 1:]) AS record_id FROM parts
                     WHERE status IN ('queued', 'running', 'waiting'))
    SELECT record_id FROM seen
    WHERE NOT EXISTS (SELECT FROM index_state s
                      WHERE s.record_kind = :kind AND s.collection = :collection AND s.record_id = seen.record_id)
      AND NOT EXISTS (SELECT FROM in_hand WHERE in_hand.record_id = seen.record_id)
""")
# A state younger than the scan tells of a point that the scan may have missed.
FORGET = text("""
    DELETE FROM index_state s
    WHERE s.record_kind = :kind AND s.collection = :collection AND s.indexed_at < :began
      AND NOT EXISTS (SELECT FROM seen WHERE seen.record_id = s.record_id
                      AND seen.version = (extract(epoch FROM s.source_version) * 1000000)::bigint)
""")
