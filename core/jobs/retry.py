"""A retry: a new job for what an old one left undone, and for nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from redis import Redis
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.access import Actor
from core.errors import Refused
from core.jobs import ledger
from core.jobs.kind import JobKind
from core.jobs.launch import Launched, launch, open_job, scope_of
from core.jobs.rest import anything_left, rest_of
from core.jobs.view import OVER
from core.models import Failure, Job

Kinds = Mapping[str, JobKind]


def retry(
    session: Session,
    redis: Redis,
    kinds: Kinds,
    job_id: uuid.UUID,
    *,
    actor: Actor,
    reason: str = "",
    by_job: bool = False,
) -> Launched:
    """Launch a job for the records that this one set aside or never reached; pressed twice, it is the same job.

    Raises NotFound; Refused while the job is not over, and when nothing is left to retry. `by_job` as in `launch`.
    """
    job = ledger.lock(session, job_id)  # it might be forgotten in this moment
    kind = kinds[job.kind]
    payload = kind.payload.model_validate(job.payload)
    again = open_job(session, scope_of(kind, payload, job_id))
    if again is not None:
        return Launched(again.id, again.status, False)
    if job.status not in OVER:
        raise Refused("This job is not over yet. Wait for its end, or cancel it first.")
    if job.split_at is not None and not anything_left(session, job_id):
        raise Refused("Nothing is left to retry: every record of this job is done or was settled since.")
    return launch(session, redis, kind, payload, actor=actor, reason=reason, retry_of=job_id, by_job=by_job)


def retry_failures(
    session: Session, redis: Redis, kinds: Kinds, ids: Sequence[int], *, actor: Actor, reason: str = ""
) -> Launched:
    """Launch a job for the records of these open failures, and retry the jobs of whole parts among them.

    Raises Refused when none of them is open.
    """
    columns = (Failure.record_kind, Failure.record_id, Failure.job_id)
    wanted = select(*columns).where(Failure.id.in_(ids), Failure.status == "open").order_by(Failure.record_id)
    chosen = session.execute(wanted).all()
    if not chosen:
        raise Refused("None of these failures is open; they were resolved or discarded since.")
    retried, refused = {}, None
    for part_of in sorted({row.job_id for row in chosen if row.record_id is None}):
        try:
            retried[part_of] = retry(session, redis, kinds, part_of, actor=actor, reason=reason)
        except Refused as error:  # this job is not over yet; that holds up no other
            refused = error
    rows = [row for row in chosen if row.record_id is not None and row.job_id not in retried]
    if not rows:
        if refused is not None and not retried:
            raise refused
        return next(iter(retried.values()))
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
