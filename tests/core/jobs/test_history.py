"""What is over is kept for good, or for as many days as the settings say."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import spend
from core.errors import NotFound
from core.jobs import history
from core.jobs.launch import Launched
from core.jobs.retry import retry
from core.kinds import KINDS
from core.models import (
    Alert,
    AuditEvent,
    Failure,
    IdempotencyKey,
    Job,
    JobEvent,
    JobResult,
    Part,
    SearchCheck,
    Spend,
)
from tests.core.jobs.conftest import ANA, House
from tests.core.stack.test_children import until
from tests.faults.test_ledger_faults import somebody_waits
from tests.webapp.factories import make_event, make_failure, make_job, make_part
from tests.worker.test_ticker import ticker

LONG_AGO = datetime.now(UTC) - timedelta(days=40)


def ended(session: Session, at: datetime = LONG_AGO, **values: Any) -> Job:
    return make_job(session, **{"status": "completed", "created_at": at, "finished_at": at} | values)


def left(session: Session) -> set[uuid.UUID]:
    session.expire_all()
    return set(session.scalars(select(Job.id)))


def count(session: Session, table: type[Any]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_job_that_ended_long_ago_goes_with_all_that_hangs_on_it(house: House) -> None:
    with house.sessions() as session:
        job = ended(session)
        make_part(session, job, [1, 2], status="done")
        make_event(session, job, "It went on.")
        make_failure(session, job, 7, status="resolved")
        session.add(JobResult(job_id=job.id, record_id=1, outcome="done", sentence="Done."))
        session.add(IdempotencyKey(owner="a", key="k", body_hash="-", job_id=job.id))
        recent = ended(session, datetime.now(UTC) - timedelta(days=29)).id
        session.commit()

        assert history.forget(session, 30) == 1

        assert left(session) == {recent}
        assert [count(session, table) for table in (Part, JobEvent, Failure, JobResult, IdempotencyKey)] == [0] * 5
        act = session.scalars(select(AuditEvent)).one()
        assert (act.actor, act.action, act.after) == ("vigia", "history.forget", {"jobs": 1, "days": 30})
        assert history.forget(session, 30) == 0
        assert count(session, AuditEvent) == 1


def test_what_is_still_needed_stays(house: House) -> None:
    with house.sessions() as session:
        aside, retried, running = ended(session), ended(session, status="failed"), make_job(session, status="running")
        running.created_at = LONG_AGO
        make_failure(session, aside, 7)
        retry = make_job(session, status="queued", retry_of=retried.id)
        session.commit()

        assert history.forget(session, 30) == 0

        retry.status, retry.finished_at = "completed", datetime.now(UTC)
        session.commit()
        assert history.forget(session, 30) == 1
        assert left(session) == {aside.id, running.id, retry.id}
        assert session.get_one(Job, retry.id).retry_of is None


def test_a_retry_of_a_job_that_is_being_forgotten_finds_none(house: House) -> None:
    with house.sessions() as session:
        job_id = ended(session, status="cancelled", payload={}).id
        session.commit()

    def again() -> Launched:
        with house.sessions() as session:
            return retry(session, house.redis, KINDS, job_id, actor=ANA)

    with ThreadPoolExecutor(1) as somebody, house.sessions() as session:
        session.execute(select(Job.id).with_for_update())
        retried = somebody.submit(again)
        assert until(lambda: somebody_waits(house))
        history.forget(session, 30)
        with pytest.raises(NotFound):
            retried.result(60)


def test_what_it_cost_is_not_forgotten(house: House) -> None:
    with house.sessions() as session:
        job = ended(session, kind="etl.embed", requested_by="Begoña")
        session.commit()
        spend.book(session, uuid.uuid4(), job.id, "embed-v4.0", inputs=95, tokens=20_000)
        history.forget(session, 30)

        assert session.execute(select(Spend.kind, Spend.person, Spend.tokens)).one() == ("etl.embed", "Begoña", 20_000)


def test_cleared_alerts_and_checks_by_the_clock_go_as_well(house: House) -> None:
    check = {
        "requested_by": "clock",
        "collection": "c1",
        "model": "local",
        "asked": 1,
        "found": 1,
        "k": 5,
        "people": [],
    }
    with house.sessions() as session:
        for at in (LONG_AGO, datetime.now(UTC)):
            session.add(Alert(rule="job_stalled", subject=str(at), sentence="It stands.", fired_at=at, cleared_at=at))
            session.add(SearchCheck(taken_at=at, **check))
        session.add(Alert(rule="job_stalled", subject="open", sentence="It stands.", fired_at=LONG_AGO))
        session.commit()

        history.forget(session, 30)

        assert (count(session, Alert), count(session, SearchCheck)) == (2, 1)


def test_the_clock_forgets_only_where_the_settings_say_so(house: House) -> None:
    with house.sessions() as session:
        for _ in range(3):
            ended(session)
        session.commit()
    clock = ticker(house)
    clock.tick()
    with house.sessions() as session:
        assert len(left(session)) == 3

    house.settings = house.settings.model_copy(update={"history_days": 30})
    ticker(house).tick()
    with house.sessions() as session:
        assert left(session) == set()
