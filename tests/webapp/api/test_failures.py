"""Failures for scripts, and the acts that end them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import AuditEvent, Failure, Job
from tests.webapp.api.conftest import Script
from tests.webapp.factories import make_candidate, make_failure, make_job


@pytest.fixture
def two(session: Session) -> list[Failure]:
    """Two open failures, of different causes and people, in one job."""
    job = make_job(session)
    made = [
        make_failure(session, job, make_candidate(session, full_name=name).id, cause=cause)
        for name, cause in (("Ana", "text_refused"), ("Eva", "text_too_long"))
    ]
    session.commit()
    return made


def test_failures_are_grouped_by_cause(reader: Script, two: list[Failure]) -> None:
    answer: Any = reader.get("/failures").json
    assert (answer["total"], answer["next"]) == (2, None)
    group = next(group for group in answer["items"] if group["cause"] == "text_refused")
    assert (group["count"], group["records"], group["jobs"]) == (1, 1, 1)
    assert group["sample"] == "Cohere refused the text."


def test_single_failures_have_their_ids_and_names(reader: Script, two: list[Failure]) -> None:
    answer: Any = reader.get("/failures?group=none&limit=1").json
    again: Any = reader.get(f"/failures?group=none&cursor={answer['next']}").json
    items = answer["items"] + again["items"]
    assert {item["id"]: item["full_name"] for item in items} == {two[0].id: "Ana", two[1].id: "Eva"}
    assert {item["status"] for item in items} == {"open"}


def test_a_whole_part_tells_all_that_is_known_of_it(reader: Script, session: Session) -> None:
    job = make_job(session)
    values = {"record_kind": "", "step": "part", "cause": "cohere_unwell", "trace_id": "trace-1", "attempts": 6}
    make_failure(session, job, None, part=3, **values)
    session.commit()
    [item] = reader.get("/failures?group=none").json["items"]  # type: ignore[index]
    expected = values | {"record_id": None, "part": 3, "job_id": str(job.id), "status": "open"}
    assert {name: item[name] for name in expected} == expected


def test_failures_are_filtered(reader: Script, session: Session, two: list[Failure]) -> None:
    two[0].status = "resolved"
    session.commit()

    def found(query: str) -> int:
        return int(reader.get(f"/failures?group=none&{query}").json["total"])  # type: ignore[index]

    assert (found(""), found("status=resolved"), found("status=any")) == (1, 1, 2)
    assert found("cause=text_too_long") == 1
    assert found(f"status=any&record_id={two[0].record_id}&job_id={two[0].job_id}&step=embed") == 1


@pytest.mark.parametrize("by", ["ids", "filter"])
def test_chosen_failures_are_retried_by_one_job(
    operator: Script, session: Session, two: list[Failure], by: str
) -> None:
    body: Any = {"ids": [two[0].id]} if by == "ids" else {"filter": {"cause": "text_refused"}}
    answer = operator.post("/failures/retries", body)
    assert answer.status_code == 202
    assert answer.json is not None
    job = session.get_one(Job, UUID(answer.json["job_id"]))
    assert job.payload["candidate_ids"] == [two[0].record_id]
    assert operator.post("/failures/retries", body).status_code == 200


def test_an_empty_filter_is_every_open_failure(operator: Script, session: Session, two: list[Failure]) -> None:
    answer: Any = operator.post("/failures/retries", {"filter": {}}).json
    chosen = session.get_one(Job, UUID(answer["job_id"])).payload["candidate_ids"]
    assert chosen == sorted(failure.record_id or 0 for failure in two)


def test_discarded_failures_are_closed_with_the_reason(operator: Script, session: Session, two: list[Failure]) -> None:
    answer = operator.post("/failures/discards", {"ids": [two[0].id], "reason": "a test account"})
    assert (answer.status_code, answer.json) == (200, {"discarded": 1})
    session.refresh(two[0])
    assert (two[0].status, two[0].note, two[0].closed_by) == ("discarded", "a test account", "token:nightly")
    session.refresh(two[1])
    assert two[1].status == "open"
    [row] = session.scalars(select(AuditEvent).where(AuditEvent.action == "failures.discard")).all()
    assert row.reason == "a test account"


@pytest.mark.parametrize("act", ["retries", "discards"])
@pytest.mark.parametrize(
    "body", [{}, None, {"ids": []}, {"ids": [1], "filter": {}}, {"ids": ["1"]}, {"filter": {"x": 1}}]
)
def test_an_act_on_nothing_in_particular_is_refused(operator: Script, act: str, body: Any) -> None:
    assert operator.post(f"/failures/{act}", body).status_code == 422


@pytest.mark.parametrize(
    ("act", "body"), [("retries", {"ids": [10**9]}), ("retries", {"filter": {}}), ("discards", {"filter": {}})]
)
def test_an_act_on_failures_that_are_not_open_is_409(operator: Script, session: Session, act: str, body: Any) -> None:
    make_failure(session, make_job(session), 1, status="resolved")
    session.commit()
    assert operator.post(f"/failures/{act}", body).status_code == 409
    assert session.scalar(select(func.count()).select_from(AuditEvent).where(AuditEvent.action.like("fail%"))) == 0
