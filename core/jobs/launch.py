"""A launch: one ledger row, its audit row, its live hash, one ring of the doorbell. After it, nothing is lost."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

from redis import Redis
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import access
from core.access import Actor
from core.errors import Invalid, Refused
from core.jobs import ledger, standstill
from core.jobs.kind import JobKind, Payload
from core.jobs.publish import publish, ring
from core.models import IdempotencyKey, Job
from core.models.job import AT_WORK, OPEN
from core.settings import settings


@dataclass(frozen=True, slots=True)
class IdempotencyToken:
    """A key that the caller chose; `owner` is its token or person, `body_hash` what came with it."""

    owner: str
    key: str
    body_hash: str


@dataclass(frozen=True, slots=True)
class Launched:
    """The job to watch; `new` is False when one of the same scope, or of the same key, was there already."""

    job_id: uuid.UUID
    status: str
    new: bool


OTHER_BODY = "This Idempotency-Key came with another body before. Use a new key for a new request."


class TooManyLaunches(Refused):
    """One person launches faster than the limit allows; another minute helps."""

    code = "too_many_launches"


def launch(
    session: Session,
    redis: Redis,
    kind: JobKind,
    payload: Payload,
    *,
    actor: Actor,
    reason: str = "",
    key: IdempotencyToken | None = None,
    retry_of: uuid.UUID | None = None,
    by_job: bool = False,
) -> Launched:
    """Launch a job of a kind, or find the open one of the same scope. Commits.

    Raises Invalid for a key that came with another body before; TooManyLaunches over the limit, to which those of a job
    that launches others (`by_job`) do not count, for that was launched with their number in view.
    """
    if key is not None and (replayed := _replayed(session, key)):
        return replayed
    scope = scope_of(kind, payload, retry_of)
    known = open_job(session, scope)
    if known is None and not by_job:
        _refuse_a_flood(session, actor)
    made = None
    if known is None:
        made = _insert(session, kind, payload, actor, reason, scope=scope, retry_of=retry_of, by_job=by_job)
    job_id = made or (known.id if known else _quicker(session, scope))
    if key is not None:
        _remember(session, key, job_id)
    waits = made is not None and standstill.put_off(session, made)
    session.commit()
    job = ledger.find(session, job_id)
    if made is not None:
        publish(session, redis, job_id)
        if not waits:
            ring(session, redis, job)
    return Launched(job_id, job.status, made is not None)


def _quicker(session: Session, scope: str) -> uuid.UUID:
    """Find the job of this scope whose launch was quicker than ours by a moment."""
    return session.scalars(select(Job.id).where(Job.scope == scope).order_by(Job.created_at.desc()).limit(1)).one()


def scope_of(kind: JobKind, payload: Payload, retry_of: uuid.UUID | None = None) -> str:
    """Name what a job is about: equal scopes are one job while it is not over."""
    body = json.dumps([payload.model_dump(mode="json"), str(retry_of or "")], sort_keys=True)
    return f"{kind.name}:{hashlib.sha256(body.encode()).hexdigest()}"


def open_job(session: Session, scope: str) -> Job | None:
    """Return the job of this scope that is not over and not being cancelled."""
    return session.scalars(select(Job).where(Job.scope == scope, Job.status.in_(AT_WORK))).first()


def _insert(
    session: Session,
    kind: JobKind,
    payload: Payload,
    actor: Actor,
    reason: str,
    *,
    scope: str,
    retry_of: uuid.UUID | None,
    by_job: bool,
) -> uuid.UUID | None:
    """Write the job with what is told of its launch; None when the launch of another of its scope was quicker."""
    row = _columns(kind, payload, actor, reason) | {"scope": scope, "retry_of": retry_of, "by_job": by_job}
    first = insert(Job).values(row).on_conflict_do_nothing(index_elements=["scope"], index_where=text(OPEN))
    job_id = session.execute(first.returning(Job.id)).scalar_one_or_none()
    if job_id is not None:
        _tell(session, job_id, kind, payload, actor, reason)
    return job_id


def _columns(kind: JobKind, payload: Payload, actor: Actor, reason: str) -> dict[str, Any]:
    step = {"status": "queued", "total": None, "done": 0, "skipped": 0, "failed": 0}
    return {
        "id": uuid.uuid4(),
        "kind": kind.name,
        "queue": kind.queue,
        "title": kind.title(payload)[:200],
        "payload": payload.model_dump(mode="json"),
        "requested_by": actor.name,
        "reason": reason[:1000],
        "request_id": actor.request_id,
        "steps": [{"name": name} | step for name in kind.steps],
    }


def _tell(session: Session, job_id: uuid.UUID, kind: JobKind, payload: Payload, actor: Actor, reason: str) -> None:
    """Write the first line of the story, and the audit's."""
    ledger.tell(session, job_id, f"{actor.name} launched the job" + (f": {reason}" if reason else "."))
    after = {"kind": kind.name, "title": kind.title(payload)}
    access.record(session, actor, "job.launch", str(job_id), reason=reason, after=after)


def _refuse_a_flood(session: Session, actor: Actor) -> None:
    limit = settings().launches_per_user_per_minute
    since = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 1)
    own = (Job.requested_by == actor.name, Job.created_at > since, ~Job.by_job)
    launched = session.execute(select(func.count()).select_from(Job).where(*own)).scalar_one()
    if launched >= limit:
        raise TooManyLaunches(f"{actor.name} has launched {launched} jobs in the last minute; the limit is {limit}.")


def _replayed(session: Session, key: IdempotencyToken) -> Launched | None:
    known = session.get(IdempotencyKey, (key.owner, key.key))
    if known is None:
        return None
    if known.body_hash != key.body_hash:
        raise Invalid(OTHER_BODY, {"Idempotency-Key": "already used with another body"})
    return Launched(known.job_id, ledger.find(session, known.job_id).status, False)


def _remember(session: Session, key: IdempotencyToken, job_id: uuid.UUID) -> None:
    session.execute(
        insert(IdempotencyKey)
        .values(owner=key.owner, key=key.key, body_hash=key.body_hash, job_id=job_id)
        .on_conflict_do_nothing()
    )
    known = session.get_one(IdempotencyKey, (key.owner, key.key), populate_existing=True)
    if known.body_hash != key.body_hash:  # another request with this key was quicker by a moment
        session.rollback()
        raise Invalid(OTHER_BODY, {"Idempotency-Key": "already used with another body"})
