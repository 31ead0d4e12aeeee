"""The dead letters: records that were set aside, until a commit indexes them or a person discards them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import access
from core.access import Actor
from core.db import bigints, cursor
from core.models import Failure


@dataclass(frozen=True, slots=True)
class Aside:
    """One record that could not be processed: a stable cause, a sentence, never its text."""

    record_id: int
    step: str
    cause: str
    reason: str
    source_version: datetime | None = None
    trace_id: str | None = None


def set_aside(
    session: Session, record_kind: str, collection: str, job_id: uuid.UUID, part: int, asides: Sequence[Aside]
) -> None:
    """Put records into the dead letters; one that is there already is brought up to date and counted once more."""
    if not asides:
        return
    new = insert(Failure).values(
        [
            {
                "record_kind": record_kind,
                "collection": collection,
                "job_id": job_id,
                "part": part,
                "record_id": aside.record_id,
                "step": aside.step,
                "cause": aside.cause,
                "reason": aside.reason,
                "source_version": aside.source_version,
                "trace_id": aside.trace_id,
            }
            for aside in asides
        ]
    )
    fresh = ("job_id", "part", "step", "cause", "reason", "source_version", "trace_id")
    session.execute(
        new.on_conflict_do_update(
            index_elements=["record_kind", "collection", "record_id"],
            index_where=text("status = 'open' AND record_id IS NOT NULL"),
            set_={name: new.excluded[name] for name in fresh}
            | {"attempts": Failure.attempts + 1, "last_seen": func.now()},
        )
    )


def resolve(session: Session, record_kind: str, collection: str, job_id: uuid.UUID, ids: Sequence[int]) -> None:
    """Close the open failures of records that a job has now settled, in the transaction that says so."""
    with cursor(session) as cur:
        cur.execute(
            "UPDATE failures SET status = 'resolved', closed_at = now(), closed_by = %s WHERE record_kind = %s "
            "AND collection = %s AND status = 'open' AND record_id = ANY(%s::bigint[])",
            [str(job_id), record_kind, collection, bigints(ids)],
        )


def discard(session: Session, ids: Sequence[int], *, actor: Actor, reason: str) -> int:
    """Close open failures for good, with the reason; return how many were open. Commits."""
    closed = session.scalars(
        update(Failure)
        .where(Failure.id.in_(ids), Failure.status == "open")
        .values(status="discarded", closed_at=func.now(), closed_by=actor.name, note=reason)
        .returning(Failure.id)
        .execution_options(synchronize_session=False)
    ).all()
    access.record(session, actor, "failures.discard", reason=reason, after={"ids": list(closed)})
    session.commit()
    return len(closed)


def open_count(session: Session) -> int:
    """Count the open failures."""
    return session.execute(select(func.count()).select_from(Failure).where(Failure.status == "open")).scalar_one()
