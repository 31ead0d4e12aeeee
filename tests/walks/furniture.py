"""Rows of every kind in a running stack, each text of them an attack or a nuisance; and all of it away again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.db import engine_for
from core.models import (
    Alert,
    ApiToken,
    AuditEvent,
    Candidate,
    Failure,
    Job,
    JobEvent,
    JobResult,
    Part,
    Person,
    QueuePause,
    SavedView,
)
from tests.webapp import factories

ATTACK = (
    '<img src=x onerror="window.attacked=1">"><script>window.attacked=1</script>{{7*7}}${7*7} '
    "\u202egnp.exe\u202c\u200f\x07\x1b[31m\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL} "
)
HUGE = ATTACK + "W" * 5000
NOBODY = 999_999_999  # a job for this person finds nobody
STATES = ("queued", "running", "waiting", "completed", "completed_with_errors", "failed", "cancelling", "cancelled")


@contextmanager
def furnished(database_url: str) -> Iterator[dict[str, Any]]:
    """Fill the tables; give something for each variable of an address."""
    engine = engine_for(database_url)
    try:
        with Session(engine) as session:
            known = _fill(session)
            session.commit()
        yield known
        with Session(engine) as session:
            _clear(session)
            session.commit()
    finally:
        engine.dispose()


def _fill(session: Session) -> dict[str, Any]:
    person = factories.make_person(session, name=ATTACK[:90], role="operator", last_login=datetime.now(UTC))
    token = factories.make_token(session, name=HUGE, person_id=person.id)
    candidate = factories.make_candidate(
        session, external_id=f"{ATTACK}{uuid4()}", full_name=HUGE, headline=HUGE, summary=HUGE, skills=[ATTACK, HUGE],
        experience=[{"title": ATTACK, ATTACK: HUGE}], education=HUGE, location=HUGE, languages=[ATTACK], status=HUGE,
    )  # fmt: skip
    jobs = {state: _job(session, state) for state in STATES}
    for number, record in enumerate((candidate.id, None)):
        factories.make_failure(
            session, jobs["completed_with_errors"], record, part=number, reason=HUGE, cause=f"hostile_{ATTACK}",
            trace_id=HUGE, step=ATTACK, collection=ATTACK,
        )  # fmt: skip
    _surroundings(session, person)
    event = factories.make_act(
        session, actor=HUGE, action=ATTACK, target=HUGE, reason=HUGE, before={ATTACK: HUGE}, after={ATTACK: [HUGE]}
    )
    return {
        "job_id": jobs["completed_with_errors"].id,
        "candidate_id": candidate.id,
        "person_id": person.id,
        "token_id": token.id,
        "event_id": event.id,
        "jobs": {state: job.id for state, job in jobs.items()},
    }


def _job(session: Session, status: str) -> Job:
    over = status in ("completed", "completed_with_errors", "failed", "cancelled")
    job = factories.make_job(
        session, kind="etl.embed", status=status, title=HUGE, requested_by=HUGE, reason=HUGE, message=HUGE,
        payload={"candidate_ids": [NOBODY]}, total=2, done=1, failed=1, error_code=ATTACK, error_detail=HUGE,
        model=ATTACK, created_at=datetime.now(UTC), finished_at=datetime.now(UTC) if over else None,
        split_at=None if status == "queued" else datetime.now(UTC),
    )  # fmt: skip
    factories.make_event(session, job, HUGE)
    factories.make_part(
        session, job, [NOBODY], status="failed", message=HUGE, holder=ATTACK, error_code=ATTACK, error_detail=HUGE
    )
    session.add(JobResult(job_id=job.id, record_id=NOBODY, outcome="refused", sentence=HUGE))
    return job


def _surroundings(session: Session, person: Person) -> None:
    admin = session.scalars(select(Person).where(Person.name == "admin")).one()
    session.add(SavedView(person_id=admin.id, page="jobs", name=ATTACK[:90], query="q=status:failed"))
    session.add(SavedView(person_id=admin.id, page="failures", name="W" * 90, query="all=1"))
    session.add(Alert(rule=ATTACK, subject=HUGE, sentence=HUGE, cure=HUGE))
    session.add(QueuePause(queue="jobs:maintenance", paused_by=HUGE, reason=HUGE))


def _clear(session: Session) -> None:
    mine = select(Job.id).where(Job.requested_by == HUGE)
    for table in (Failure, JobEvent, JobResult, Part):
        session.execute(delete(table).where(table.job_id.in_(mine)))
    session.execute(delete(Job).where(Job.requested_by == HUGE))
    session.execute(delete(Candidate).where(Candidate.full_name == HUGE))
    session.execute(delete(ApiToken).where(ApiToken.name == HUGE))
    session.execute(delete(Alert).where(Alert.rule == ATTACK))
    session.execute(delete(QueuePause).where(QueuePause.reason == HUGE))
    session.execute(delete(AuditEvent).where(AuditEvent.actor == HUGE))
    session.execute(delete(SavedView))
    session.execute(delete(Person).where(Person.name == ATTACK[:90]))
