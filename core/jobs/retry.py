"""A retry: a new job for what an old one left undone, and for nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from redis import Redis
from sqlalchemy import Select, func, select, union
from sqlalchemy.orm import Session

from core.access import Actor
from core.errors import Refused
from core.jobs import ledger
from core.jobs.kind import JobKind
from core.jobs.launch import Launched, launch, open_job, scope_of
from core.jobs.view import OVER
from core.models import Failure, Job, Part

Kinds = Mapping[str, JobKind]


def retry(
    session: Session, redis: Redis, kinds: Kinds, job_id: uuid.UUID, *, actor: Actor, reason: str = ""
) -> Launched:
    """Launch a job for the records that this one set aside or never reached; pressed twice, it is the same job.

    Raises NotFound; Refused while the job is not over, and when nothing is left to retry.
    """
    job = ledger.find(session, job_id)
    kind = kinds[job.kind]
    payload = kind.payload.model_validate(job.payload)
    again = open_job(session, scope_of(kind, payload, job_id))
    if again is not None:
        return Launched(again.id, again.status, False)
    if job.status not in OVER:
        raise Refused("This job is not over yet. Wait for its end, or cancel it first.")
    if job.split_at is not None and not _any(session, rest_of(job_id)):
        raise Refused("Nothing is left to retry: every record of this job is done or was settled since.")
    return launch(session, redis, kind, payload, actor=actor, reason=reason, retry_of=job_id)


def retry_failures(
    session: Session, redis: Redis, kinds: Kinds, ids: Sequence[int], *, actor: Actor, reason: str = ""
) -> Launched:
    """Launch a job for the records of these open failures. Raises Refused when none of them is open."""
    rows = session.execute(
        select(Failure.record_kind, Failure.record_id)
        .where(Failure.id.in_(ids), Failure.status == "open", Failure.record_id.is_not(None))
        .order_by(Failure.record_id)
    ).all()
    if not rows:
        raise Refused("None of these failures is open; they were resolved or discarded since.")
    record_kind = rows[0].record_kind
    kind = next(kind for kind in kinds.values() if kind.of_records and kind.record_kind == record_kind)
    assert kind.of_records is not None
    payload = kind.of_records(sorted({row.record_id for row in rows if row.record_kind == record_kind}))
    return launch(session, redis, kind, payload, actor=actor, reason=reason)


def selection_of(session: Session, job: Job, own: Select[Any]) -> Select[Any]:
    """Choose what a job works on: the rest of the job it retries, or its kind's `own` choice."""
    while job.retry_of is not None:
        job = ledger.find(session, job.retry_of)
        if job.split_at is not None:
            return rest_of(job.id)
    return own


def rest_of(job_id: uuid.UUID) -> Select[Any]:
    """Choose the records of a job that failed and are still open, and those that it never reached, by id."""
    aside = select(Failure.record_id.label("id")).where(
        Failure.job_id == job_id, Failure.status == "open", Failure.record_id.is_not(None)
    )
    ids = Part.record_ids[Part.cursor + 1 : func.cardinality(Part.record_ids)]
    never = select(func.unnest(ids).label("id")).where(Part.job_id == job_id, Part.status.in_(("failed", "cancelled")))
    both = union(aside, never).subquery("rest")
    return select(both.c.id).order_by(both.c.id)


def _any(session: Session, ids: Select[Any]) -> bool:
    return session.execute(ids.limit(1)).first() is not None
