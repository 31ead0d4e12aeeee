"""A census: the points that the index holds, against those that the tables believe in.

A crash, a zombie's late write, an index restored from yesterday leave points that nobody knows of, and states of
points that are not there. It is taken when a job is cut, and only when there is a reason to doubt. Tables that know
less than the index, restored or of another start, must not empty it: a point goes only where no sync would mend it.
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
DELETIONS = 1000  # a call


@dataclass(frozen=True, slots=True)
class Found:
    """What a census mended: states without their point, which are indexed again, and points that nobody may find."""

    points: int
    forgotten: int
    removed: int


def take_if_in_doubt(
    index: VectorIndex, sessions: sessionmaker[Session], collection: str, *, hold_still: Callable[[Session], None]
) -> Found | None:
    """Compare and mend when the figures differ or something went wrong since the last time; None when all is well.

    While parts run, points and states differ by what they have in hand: then only a noted doubt counts.
    `hold_still` keeps new parts from appearing until the transaction ends. Raises TryAgain and GiveUp as the index.
    """
    with sessions.begin() as session:
        doubted = index_state.in_doubt(session, collection)
        moving = session.execute(MOVING).scalar_one()
        states = index_state.count(session, RECORD_KIND, collection)
    if not doubted and (moving or index.count(collection, RECORD_KIND) == states):
        return None
    with sessions() as session:
        began: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    points = _scan(index, collection)
    with sessions.begin() as session:
        hold_still(session)
        found = _compare(session, index, collection, points, began)
        index_state.trust(session, collection, began)
        if not states:
            index_state.doubt(session)  # what was left for the first sync is looked at again behind it
    log.warning("census", collection=collection, points=found.points, forgotten=found.forgotten, removed=found.removed)
    return found


@dataclass(frozen=True, slots=True)
class _Points:
    """What a scan saw of our kind of record, 16 bytes a point; `strays` are no record's point."""

    records: np.ndarray[tuple[int], np.dtype[np.int64]]
    versions: np.ndarray[tuple[int], np.dtype[np.int64]]
    strays: Sequence[uuid.UUID]


def _scan(index: VectorIndex, collection: str) -> _Points:
    rows = [np.empty((0, 2), np.int64)]
    strays: list[uuid.UUID] = []
    for points in index.scan(collection):
        page = [point for point in points if point.record_kind in (None, RECORD_KIND)]
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
    since = {"began": began}
    moot = session.scalars(MOOT, place | since).all()  # first: whose state is forgotten below stays to be found
    forgotten = session.execute(FORGET, place | since).rowcount  # type: ignore[attr-defined]
    gone = [*map(point_id, moot), *points.strays]
    for start in range(0, len(gone), DELETIONS):
        index.delete(collection, gone[start : start + DELETIONS])
        session.execute(select(1))  # a sign of life: the server ends a transaction that is silent for long
    return Found(len(points.records) + len(points.strays), forgotten, len(gone))


SEEN = text("CREATE TEMPORARY TABLE seen (record_id bigint, version bigint) ON COMMIT DROP")
INSERT = text("INSERT INTO seen SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:versions AS bigint[]))")
ANALYZE = text("ANALYZE seen")
MOVING = text("""
    SELECT EXISTS (SELECT FROM parts JOIN jobs ON jobs.id = parts.job_id
                   WHERE parts.status = 'running' AND jobs.model IS NOT NULL)
""")
# Points that no state tells of and no sync would write over: of somebody who is not to be found; of a record that was
# set aside; and newer than their row, for an index takes no older version. Without a single state the tables are
# new, and the latter two wait for what the first sync says of them.
MOOT = text("""
    WITH in_hand AS (SELECT unnest(record_ids[cursor + 1:]) AS record_id FROM parts
                     WHERE status IN ('queued', 'running', 'waiting')),
         mine AS (SELECT record_id, indexed_at, (extract(epoch FROM source_version) * 1000000)::bigint AS version
                  FROM index_state WHERE record_kind = :kind AND collection = :collection),
         aside AS (SELECT record_id FROM failures
                   WHERE record_kind = :kind AND collection = :collection AND status = 'open')
    SELECT seen.record_id FROM seen
    LEFT JOIN mine ON mine.record_id = seen.record_id
    LEFT JOIN candidates c ON c.id = seen.record_id AND c.eligible
    WHERE (mine.record_id IS NULL OR (mine.version <> seen.version AND mine.indexed_at < :began))
      AND NOT EXISTS (SELECT FROM in_hand WHERE in_hand.record_id = seen.record_id)
      AND ((c.id IS NULL AND mine.record_id IS NULL)
           OR (EXISTS (SELECT FROM mine)
               AND (seen.version > (extract(epoch FROM c.updated_at) * 1000000)::bigint
                    OR (mine.record_id IS NULL
                        AND EXISTS (SELECT FROM aside WHERE aside.record_id = seen.record_id)))))
""")
# A state younger than the scan tells of a point that the scan may have missed.
FORGET = text("""
    DELETE FROM index_state s
    WHERE s.record_kind = :kind AND s.collection = :collection AND s.indexed_at < :began
      AND NOT EXISTS (SELECT FROM seen WHERE seen.record_id = s.record_id
                      AND seen.version = (extract(epoch FROM s.source_version) * 1000000)::bigint)
""")
