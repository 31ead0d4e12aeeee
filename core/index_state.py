"""What the index has acknowledged, record by record."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db import bigints, byteas, cursor, moments
from core.models import Census, IndexState


@dataclass(frozen=True, slots=True)
class State:
    """A record's point as last acknowledged; hashes are SHA-256."""

    record_id: int
    content_hash: bytes
    payload_hash: bytes
    source_version: datetime


def read(session: Session, record_kind: str, collection: str, ids: Sequence[int]) -> dict[int, State]:
    """Read the states of some records in a collection; who has none is not in the answer."""
    with cursor(session) as cur:
        cur.execute(
            "SELECT record_id, content_hash, payload_hash, source_version FROM index_state "
            "WHERE record_kind = %s AND collection = %s AND record_id = ANY(%s::bigint[])",
            [record_kind, collection, bigints(ids)],
        )
        return {row[0]: State(*row) for row in cur}


def acknowledge(
    session: Session,
    record_kind: str,
    collection: str,
    states: Sequence[State],
    *,
    job_id: uuid.UUID,
    model: str,
    dimension: int,
) -> None:
    """Write what the index has acknowledged to a job. An older version never replaces a newer one."""
    if not states:
        return
    with cursor(session) as cur:
        cur.execute(
            "INSERT INTO index_state (record_kind, collection, model, dimension, job_id, indexed_at, "
            "record_id, content_hash, payload_hash, source_version) "
            "SELECT %s, %s, %s, %s, %s, clock_timestamp(), new.* FROM "
            "unnest(%s::bigint[], %s::bytea[], %s::bytea[], %s::timestamptz[]) AS new "
            "ON CONFLICT (record_kind, collection, record_id) DO UPDATE SET "
            "content_hash = excluded.content_hash, payload_hash = excluded.payload_hash, model = excluded.model, "
            "dimension = excluded.dimension, source_version = excluded.source_version, job_id = excluded.job_id, "
            "indexed_at = excluded.indexed_at WHERE index_state.source_version <= excluded.source_version",
            [
                record_kind,
                collection,
                model,
                dimension,
                job_id,
                bigints([state.record_id for state in states]),
                byteas([state.content_hash for state in states]),
                byteas([state.payload_hash for state in states]),
                moments([state.source_version for state in states]),
            ],
        )


def forget(session: Session, record_kind: str, collection: str, ids: Sequence[int]) -> None:
    """Remove the states of records whose points were deleted."""
    if ids:
        session.execute(
            delete(IndexState).where(
                IndexState.record_kind == record_kind,
                IndexState.collection == collection,
                IndexState.record_id.in_(ids),
            )
        )


def count(session: Session, record_kind: str, collection: str) -> int:
    """Count the points that the collection should have."""
    known = select(func.count()).where(IndexState.record_kind == record_kind, IndexState.collection == collection)
    return session.execute(known).scalar_one()


def doubt(session: Session) -> None:
    """Note that the collections may hold other points than we believe: the next sync compares."""
    session.execute(update(Census).values(doubted_at=func.clock_timestamp()))


def in_doubt(session: Session, collection: str) -> bool:
    """Say whether something went wrong since points and states were last compared; from now on, doubts are noted."""
    session.execute(insert(Census).values(collection=collection).on_conflict_do_nothing())
    census = session.get_one(Census, collection, populate_existing=True)
    return census.doubted_at is not None and (census.checked_at is None or census.checked_at < census.doubted_at)


def trust(session: Session, collection: str, moment: datetime) -> None:
    """Note that points and states were compared as they were at this moment."""
    session.execute(update(Census).where(Census.collection == collection).values(checked_at=moment))
