"""Rows for tests, written with what a test does not say filled in."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from core.models import ApiToken, AuditEvent, Candidate, Failure, IndexState, Job, JobEvent, Part, Person, Spend

T = TypeVar("T")
_numbers = itertools.count(1)
START = datetime(2026, 11, 21, 12, tzinfo=UTC)


def make_candidate(session: Session, **values: Any) -> Candidate:
    n = next(_numbers)
    defaults = {"external_id": f"ATS-{n:06}", "full_name": f"Ana Ruiz {n}", "summary": "Writes Python."}
    return _add(session, Candidate(**(defaults | values)))


def make_job(session: Session, **values: Any) -> Job:
    defaults: dict[str, Any] = {
        "id": uuid4(),
        "kind": "etl.sync",
        "queue": "jobs:etl",
        "title": "Sync everything not indexed",
        "payload": {},
        "scope": f"scope-{next(_numbers)}",
        "status": "completed",
        "requested_by": "ana",
        "created_at": START + timedelta(seconds=next(_numbers)),
    }
    return _add(session, Job(**(defaults | values)))


def make_part(session: Session, job: Job, record_ids: list[int], **values: Any) -> Part:
    defaults = {"n": 0, "total": len(record_ids)}
    return _add(session, Part(job_id=job.id, record_ids=record_ids, **(defaults | values)))


def make_event(session: Session, job: Job, message: str, **values: Any) -> JobEvent:
    return _add(session, JobEvent(job_id=job.id, message=message, **values))


def make_failure(session: Session, job: Job, record_id: int | None, **values: Any) -> Failure:
    defaults = {
        "record_kind": "candidate",
        "collection": "c1",
        "step": "embed",
        "cause": "text_refused",
        "reason": "Cohere refused the text.",
    }
    return _add(session, Failure(job_id=job.id, record_id=record_id, **(defaults | values)))


def make_place(session: Session, candidate: Candidate, **values: Any) -> IndexState:
    """Say that the candidate, as it is now, has its point in the collection `c1`."""
    session.refresh(candidate)
    defaults: dict[str, Any] = {
        "record_kind": "candidate",
        "collection": "c1",
        "record_id": candidate.id,
        "content_hash": b"c" * 32,
        "payload_hash": b"p" * 32,
        "model": "local",
        "dimension": 512,
        "source_version": candidate.updated_at,
    }
    return _add(session, IndexState(**(defaults | values)))


def make_person(session: Session, **values: Any) -> Person:
    """Make somebody nobody can sign in as: to hash a password takes longer than most tests."""
    defaults = {"name": f"Marta Ibáñez {next(_numbers)}", "role": "viewer", "password_hash": "-"}
    return _add(session, Person(**(defaults | values)))


def make_token(session: Session, **values: Any) -> ApiToken:
    defaults = {"name": "nightly", "prefix": f"{next(_numbers):08x}", "digest": "-", "scopes": ["read"]}
    return _add(session, ApiToken(**(defaults | values)))


def make_spend(session: Session, job_id: UUID, **values: Any) -> Spend:
    """Book a cost for a job, or for a search when it is nobody's."""
    job = session.get(Job, job_id)
    whose = {"kind": job.kind, "person": job.requested_by} if job else {}
    defaults = {"model": "embed-v4.0", "calls": 1, "inputs": 10, "tokens": 2000}
    return _add(session, Spend(job_id=job_id, **(whose | defaults | values)))


def make_act(session: Session, **values: Any) -> AuditEvent:
    defaults = {"actor": "ana", "action": "person.role", "target": "person:Eva"}
    return _add(session, AuditEvent(**(defaults | values)))


def _add(session: Session, row: T) -> T:
    session.add(row)
    session.flush()
    return row
