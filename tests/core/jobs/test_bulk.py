"""Acts on many jobs or failures: every item with its outcome, nothing twice, whatever interrupts them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.jobs import ledger
from core.jobs.cancel import cancel
from core.jobs.kind import NO_COLLECTION, rivals_of
from core.jobs.search import JobWhere
from core.jobs.turns import has_turn
from core.kinds import KINDS, jobs_bulk
from core.models import AuditEvent, Failure, Job, JobResult
from tests.core.jobs.conftest import ANA, House
from tests.webapp.factories import make_failure, make_job


@pytest.fixture
def jobs(house: House) -> dict[str, int]:
    """One job in each state, by its number; the failed one has a record that is open."""
    with house.sessions.begin() as session:
        made = {
            status: make_job(session, status=status, split_at=func.now())
            for status in ("completed", "failed", "cancelled", "running", "cancelling")
        }
        made["queued"] = make_job(session, status="queued")
        make_failure(session, made["failed"], 7)
        return {status: job.number for status, job in made.items()}


def outcomes(house: House, job_id: uuid.UUID) -> dict[int, tuple[str, str]]:
    with house.sessions() as session:
        found = session.scalars(select(JobResult).where(JobResult.job_id == job_id))
        return {one.record_id: (one.outcome, one.sentence) for one in found}


def audited(house: House, action: str) -> int:
    with house.sessions() as session:
        return session.scalar(select(func.count()).where(AuditEvent.action == action)) or 0


def run_again(house: House, job_id: uuid.UUID) -> None:
    """Let the worker of a part die after its work and before it wrote its results, and another take over."""
    with house.sessions.begin() as session:
        session.execute(delete(JobResult).where(JobResult.job_id == job_id))
        job = ledger.lock(session, job_id)
        values: dict[str, Any] = {"done": 0, "skipped": 0, "failed": 0, "finished_at": None}
        for part in ledger.parts_of(session, job_id):
            part.status, part.cursor, part.steps = "queued", 0, []
            part.done = part.skipped = part.failed = 0
        session.execute(update(Job).where(Job.id == job.id).values(status="running", **values))
    with house.sessions() as session:
        numbers = [part.n for part in ledger.parts_of(session, job_id)]
    for n in numbers:
        part = house.claim(job_id, n)
        assert part is not None
        with house.running(part) as run:
            KINDS[house_kind(house, job_id)].run(run)


def house_kind(house: House, job_id: uuid.UUID) -> str:
    with house.sessions() as session:
        return ledger.find(session, job_id).kind


def test_a_cancellation_of_chosen_jobs_tells_of_each(house: House, jobs: dict[str, int]) -> None:
    numbers = [*jobs.values(), 10**9]
    bulk = house.launch("jobs.bulk", act="cancel", numbers=numbers).job_id
    house.run(bulk)

    assert outcomes(house, bulk) == {
        jobs["queued"]: ("done", "Cancelled."),
        jobs["running"]: ("done", "Cancelled."),
        jobs["cancelling"]: ("skipped", "It is being cancelled already."),
        jobs["cancelled"]: ("skipped", "It was cancelled already."),
        jobs["completed"]: ("skipped", "This job is over already: completed."),
        jobs["failed"]: ("skipped", "This job is over already: failed."),
        10**9: ("skipped", "There is no job 1000000000."),
    }
    with house.sessions() as session:
        job = ledger.find(session, bulk)
        assert (job.status, job.total, job.done, job.skipped, job.failed) == ("completed", 7, 2, 5, 0)
        assert job.model is None
    assert audited(house, "job.cancel") == 2


def test_a_retry_of_chosen_jobs_launches_one_for_each_that_has_something_left(
    house: House, jobs: dict[str, int]
) -> None:
    bulk = house.launch("jobs.bulk", act="retry", numbers=[jobs["failed"], jobs["completed"], jobs["running"]]).job_id
    house.run(bulk)

    found = outcomes(house, bulk)
    assert found[jobs["failed"]] == ("done", "Retried by a new job.")
    assert found[jobs["completed"]][0] == found[jobs["running"]][0] == "skipped"
    with house.sessions() as session:
        led_to = session.scalars(select(JobResult.led_to).where(JobResult.led_to.is_not(None))).one()
        retry = session.get_one(Job, led_to)
        assert retry.retry_of == session.scalars(select(Job.id).where(Job.number == jobs["failed"])).one()
        assert retry.requested_by == ANA.name


def test_what_chosen_jobs_have_set_aside_is_discarded(house: House, jobs: dict[str, int]) -> None:
    with house.sessions.begin() as session:
        failed = session.scalars(select(Job).where(Job.number == jobs["failed"])).one()
        make_failure(session, failed, 8)
        make_failure(session, failed, 9, status="resolved")
    bulk = house.launch("jobs.bulk", act="discard", numbers=[jobs["failed"], jobs["completed"]]).job_id
    house.run(bulk)

    assert outcomes(house, bulk) == {
        jobs["failed"]: ("done", "2 failures are discarded."),
        jobs["completed"]: ("skipped", "Nothing of it is set aside any more."),
    }
    with house.sessions() as session:
        assert sorted(statuses(session).values()) == ["discarded", "discarded", "resolved"]
    assert audited(house, "failures.discard") == 1


@pytest.mark.parametrize("act", ["cancel", "retry", "discard"])
def test_a_worker_that_dies_half_way_makes_nothing_happen_twice(house: House, jobs: dict[str, int], act: str) -> None:
    bulk = house.launch("jobs.bulk", act=act, numbers=list(jobs.values())).job_id
    house.run(bulk)
    before, acts = outcomes(house, bulk), (audited(house, "job.cancel"), audited(house, "job.launch"))
    run_again(house, bulk)

    assert outcomes(house, bulk) == before
    assert (audited(house, "job.cancel"), audited(house, "job.launch")) == acts


def test_what_somebody_else_cancelled_is_not_counted_as_done(house: House, jobs: dict[str, int]) -> None:
    bulk = house.launch("jobs.bulk", act="cancel", numbers=[jobs["queued"]]).job_id
    with house.sessions() as session:
        job_id = session.scalars(select(Job.id).where(Job.number == jobs["queued"])).one()
        cancel(session, house.redis, job_id, actor=type(ANA)("eva"))
    house.run(bulk)

    assert outcomes(house, bulk) == {jobs["queued"]: ("skipped", "It was cancelled already.")}


def test_of_a_search_only_what_the_act_can_change_is_taken_and_nothing_newer(
    house: House, jobs: dict[str, int]
) -> None:
    upto = max(jobs.values())
    with house.sessions.begin() as session:
        make_job(session, status="queued")
    launched = house.launch("jobs.bulk", act="cancel", where=JobWhere(kinds=("etl.sync",)), upto=upto, said="kind:etl")
    house.run(launched.job_id)

    assert set(outcomes(house, launched.job_id)) == {jobs["queued"], jobs["running"]}
    with house.sessions() as session:
        assert ledger.find(session, launched.job_id).title == "Cancel the jobs that match “kind:etl”"


def test_there_is_an_end_to_what_one_job_takes(house: House, jobs: dict[str, int]) -> None:
    bulk = jobs_bulk.Bulk(act="cancel", where=JobWhere(after=datetime.now(UTC) - timedelta(days=9000)))
    assert jobs_bulk.split(bulk, NO_COLLECTION)._limit_clause.value == 10_000  # type: ignore[union-attr]


def test_the_same_act_pressed_twice_is_one_job(house: House, jobs: dict[str, int]) -> None:
    first, second = (house.launch("jobs.bulk", act="cancel", numbers=[jobs["queued"]]) for _ in range(2))
    assert (first.new, second.new, first.job_id) == (True, False, second.job_id)


def test_acts_on_jobs_wait_for_no_turn_and_leave_nothing_to_each_other(house: House) -> None:
    with house.sessions.begin() as session:
        for _ in range(50):
            make_job(session, status="running", requested_by=ANA.name, split_at=func.now())
    bulk = house.launch("jobs.bulk", act="cancel", numbers=[1]).job_id
    with house.sessions() as session:
        assert has_turn(session, bulk)
    assert rivals_of(KINDS["jobs.bulk"], KINDS) == []
    assert rivals_of(KINDS["etl.sync"], KINDS) == ["etl.sync", "etl.embed"]


def test_an_act_names_its_jobs_in_one_way() -> None:
    for payload in ({}, {"numbers": (1,), "where": JobWhere()}, {"numbers": (0,)}):
        with pytest.raises(ValueError, match="numbers"):
            jobs_bulk.Bulk(act="cancel", **payload)


@pytest.fixture
def failures(house: House) -> dict[str, int]:
    """Failures open, resolved and of a whole part, by their ids."""
    with house.sessions.begin() as session:
        job = make_job(session, status="failed", split_at=func.now())
        made = {
            "first": make_failure(session, job, 7),
            "second": make_failure(session, job, 8),
            "resolved": make_failure(session, job, 9, status="resolved"),
            "part": make_failure(session, make_job(session, status="running"), None, record_kind="", part=0),
        }
        return {name: failure.id for name, failure in made.items()}


def statuses(session: Session) -> dict[int, str]:
    return dict(session.execute(select(Failure.id, Failure.status)).all())  # type: ignore[arg-type]


def test_failures_are_discarded_with_the_reason_of_the_job(house: House, failures: dict[str, int]) -> None:
    bulk = house.launch("failures.bulk", act="discard", ids=[*failures.values(), 10**9]).job_id
    house.run(bulk)

    assert {id: outcome for id, (outcome, _) in outcomes(house, bulk).items()} == {
        failures["first"]: "done",
        failures["second"]: "done",
        failures["part"]: "done",
        failures["resolved"]: "skipped",
        10**9: "skipped",
    }
    before = outcomes(house, bulk)
    run_again(house, bulk)
    assert outcomes(house, bulk) == before


def test_failures_are_retried_by_one_job_for_their_records(house: House, failures: dict[str, int]) -> None:
    bulk = house.launch("failures.bulk", act="retry", where={"step": "embed"}).job_id
    house.run(bulk)
    run_again(house, bulk)

    found = outcomes(house, bulk)
    assert found[failures["first"]] == found[failures["second"]] == ("done", "Retried by a new job.")
    assert found[failures["part"]] == ("skipped", "This job is not over yet. Wait for its end, or cancel it first.")
    assert failures["resolved"] not in found
    with house.sessions() as session:
        launched = session.scalars(select(Job).where(Job.kind == "etl.embed")).one()
        assert launched.payload == {"candidate_ids": [7, 8], "force": False}
