"""What people do to jobs and failures: retry, cancel, discard, embed chosen."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import AuditEvent, Candidate, Failure, Job
from tests.webapp import factories
from tests.webapp.conftest import Visitor, plain


@pytest.fixture
def people(session: Session) -> list[Candidate]:
    people = [factories.make_candidate(session) for _ in range(4)]
    session.commit()
    return people


@pytest.fixture
def job(session: Session, people: list[Candidate]) -> Job:
    """A job that ended with three records set aside, by two causes."""
    job = factories.make_job(session, status="completed_with_errors", total=4, done=1, failed=3, split_at=func.now())
    for person, cause in zip(people, ("cohere_timeout", "cohere_timeout", "text_refused"), strict=False):
        factories.make_failure(session, job, person.id, cause=cause)
    session.commit()
    return job


def job_at(session: Session, location: str | None) -> Job:
    assert location is not None
    session.expire_all()
    return session.get_one(Job, UUID(location.rsplit("/", 1)[1]))


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def test_a_retry_is_a_new_job_of_the_old_one_once(operator: Visitor, session: Session, job: Job) -> None:
    first, second = (operator.post(f"/jobs/{job.id}/retries") for _ in range(2))

    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert job_at(session, first.location).retry_of == job.id
    assert actions(session) == ["job.launch"]


def test_a_retry_of_a_cause_takes_its_records_alone(
    operator: Visitor, session: Session, job: Job, people: list[Candidate]
) -> None:
    answer = operator.post(f"/jobs/{job.id}/retries", cause="cohere_timeout")

    retried = job_at(session, answer.location)
    assert retried.kind == "etl.embed"
    assert retried.payload["candidate_ids"] == [people[0].id, people[1].id]


def test_a_job_with_nothing_left_cannot_be_retried(operator: Visitor, session: Session) -> None:
    job = factories.make_job(session, status="completed", split_at=func.now())
    session.commit()

    answer = operator.post(f"/jobs/{job.id}/retries")

    assert answer.status_code == 409
    assert "Nothing is left to retry" in plain(answer)
    assert operator.post(f"/jobs/{job.id}/retries", cause="gone").status_code == 409


def test_a_cancellation_says_what_is_kept_and_asks_why(operator: Visitor, session: Session) -> None:
    job = factories.make_job(session, status="running", total=10, done=4, split_at=func.now())
    session.commit()

    page = plain(operator.get(f"/jobs/{job.id}/cancellations/new"))

    assert "4 records that are done" in page
    assert "6 records, which stay as they are" in page
    assert operator.post(f"/jobs/{job.id}/cancellations", reason=" ").status_code == 422


def test_the_numbers_of_sentences_have_their_digits_grouped(operator: Visitor, session: Session) -> None:
    job = factories.make_job(session, status="running", total=12_345, done=1_000)
    session.commit()
    path = f"/jobs/{job.id}/cancellations/new"

    assert "11,345 records, which stay as they are" in plain(operator.get(path))
    operator.client.set_cookie("language", "es")
    assert "11.345 registros" in plain(operator.get(path))


def test_a_cancelled_job_keeps_its_reason(operator: Visitor, session: Session) -> None:
    location = operator.post("/sync", scope="all").location

    answer = operator.post(f"{location}/cancellations", reason="wrong list")

    assert answer.status_code == 303
    assert job_at(session, location).status == "cancelled"
    reason = session.scalar(select(AuditEvent.reason).where(AuditEvent.action == "job.cancel"))
    assert reason == "wrong list"
    assert "wrong list" in plain(operator.get(location))


def test_a_job_that_is_over_cannot_be_cancelled(operator: Visitor, job: Job) -> None:
    assert operator.get(f"/jobs/{job.id}/cancellations/new").status_code == 409
    assert operator.post(f"/jobs/{job.id}/cancellations", reason="late").status_code == 409


def test_causes_are_listed_with_their_records(viewer: Visitor, job: Job, people: list[Candidate]) -> None:
    assert "2 causes" in plain(viewer.get("/failures"))
    one = plain(viewer.get("/failures?cause=text_refused"))
    assert people[2].full_name in one
    assert people[0].full_name + " " not in one
    assert people[0].full_name in plain(viewer.get(f"/failures?job={job.id}"))


def test_an_empty_ledger_of_failures_says_so(viewer: Visitor) -> None:
    assert "Nothing is set aside" in plain(viewer.get("/failures"))


def test_a_nonsense_job_in_the_address_is_named(viewer: Visitor) -> None:
    answer = viewer.get("/failures?job=nonsense")

    assert answer.status_code == 422
    assert "“nonsense” is not the id of a job." in plain(answer)


def test_ticked_failures_are_retried(operator: Visitor, session: Session, job: Job, people: list[Candidate]) -> None:
    failure = session.scalars(select(Failure).where(Failure.record_id == people[2].id)).one()

    answer = operator.post("/failures/retries", id=[str(failure.id)])

    assert job_at(session, answer.location).payload["candidate_ids"] == [people[2].id]


def test_a_whole_cause_is_retried_over_all_jobs(operator: Visitor, session: Session, job: Job) -> None:
    answer = operator.post("/failures/retries", cause="cohere_timeout")

    assert len(job_at(session, answer.location).payload["candidate_ids"]) == 2


@pytest.fixture
def poison(session: Session, people: list[Candidate]) -> Failure:
    """A whole part that killed its workers, of two people, beside one that was done."""
    job = factories.make_job(session, status="completed_with_errors", total=4, done=2, failed=2, split_at=func.now())
    factories.make_part(session, job, [people[0].id, people[1].id], status="done", cursor=2, done=2)
    factories.make_part(session, job, [people[2].id, people[3].id], n=1, status="failed", failed=2)
    values = {"record_kind": "", "collection": "", "step": "part", "cause": "part_kills_worker", "trace_id": "trace-7"}
    failure = factories.make_failure(session, job, None, part=1, **values)
    session.commit()
    return failure


def test_a_whole_part_is_listed_and_retried_by_its_cause(operator: Visitor, session: Session, poison: Failure) -> None:
    for path in (f"/jobs/{poison.job_id}", "/failures"):
        assert "Retry 1" in plain(operator.get(path))
    assert "Part 2 whole; a retry takes the rest of its job" in plain(operator.get("/failures?all=1"))
    assert "trace trace-7" in plain(operator.get("/failures?all=1"))

    answer = operator.post(f"/jobs/{poison.job_id}/retries", cause=poison.cause)

    assert job_at(session, answer.location).retry_of == poison.job_id


def test_a_whole_part_is_retried_alone_or_discarded(operator: Visitor, session: Session, poison: Failure) -> None:
    retried = operator.post("/failures/retries", id=[str(poison.id)])
    assert job_at(session, retried.location).retry_of == poison.job_id

    assert operator.post("/failures/discards", id=[str(poison.id)], reason="left the company").status_code == 303
    session.refresh(poison)
    assert (poison.status, poison.note, poison.closed_by) == ("discarded", "left the company", "operator")


def test_a_cause_is_discarded_within_one_job(operator: Visitor, session: Session, job: Job) -> None:
    other = factories.make_job(session, status="completed_with_errors")
    kept = factories.make_failure(session, other, 999, cause="cohere_timeout")
    session.commit()
    assert "Discard all 2…" in plain(operator.get(f"/failures?cause=cohere_timeout&job={job.id}"))

    asked = operator.post("/failures/discards/new", cause="cohere_timeout", job=str(job.id))

    assert "Discard 2 failures?" in plain(asked)
    assert f'value="{kept.id}"' not in asked.text


def test_a_part_of_a_job_under_way_holds_up_no_other_retry(
    operator: Visitor, session: Session, poison: Failure, job: Job, people: list[Candidate]
) -> None:
    running = factories.make_job(session, status="running", split_at=func.now())
    early = factories.make_failure(session, running, None, part=0, record_kind="", cause="part_kills_worker")
    session.commit()
    refused = operator.post("/failures/retries", id=[str(early.id)])
    assert (refused.status_code, "not over yet" in plain(refused)) == (409, True)

    answer = operator.post("/failures/retries", id=[str(early.id), str(poison.id)])

    assert job_at(session, answer.location).retry_of == poison.job_id


def test_nothing_ticked_is_said(operator: Visitor) -> None:
    for path in ("/failures/retries", "/failures/discards", "/failures/discards/new"):
        assert operator.post(path).status_code == 422


def test_a_discard_asks_why_before_it_gives_up(operator: Visitor, session: Session, job: Job) -> None:
    ids = [str(failure) for failure in session.scalars(select(Failure.id).where(Failure.cause == "cohere_timeout"))]

    asked = operator.post("/failures/discards/new", id=ids)
    assert "Discard 2 failures?" in plain(asked)
    assert operator.post("/failures/discards", id=ids, reason="").status_code == 422
    assert session.scalar(select(func.count()).where(Failure.status == "open")) == 3

    done = operator.post("/failures/discards", id=ids, reason="left the company")

    assert done.status_code == 303
    session.expire_all()
    assert session.scalar(select(func.count()).where(Failure.status == "discarded")) == 2
    assert actions(session) == ["failures.discard"]


def test_chosen_people_are_embedded(operator: Visitor, session: Session, people: list[Candidate]) -> None:
    answer = operator.post("/embeddings", candidate_ids=[str(person.id) for person in people[:2]])

    assert answer.status_code == 303
    assert job_at(session, answer.location).payload["candidate_ids"] == [people[0].id, people[1].id]
    assert "Nobody was chosen" in plain(operator.post("/embeddings"))
    assert operator.post("/embeddings", candidate_ids=["x"]).status_code == 422
