"""Jobs as scripts see them, and the acts on them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.jobs import live
from core.jobs.view import view_of
from core.models import AuditEvent, Job, JobResult
from tests.webapp.api.conftest import Script
from tests.webapp.factories import START, make_candidate, make_event, make_failure, make_job, make_part

STEP = {"name": "embed", "status": "running", "total": None, "done": 50, "skipped": 0, "failed": 0, "seconds": 0.0}


def test_a_job_tells_all_that_the_contract_promises(reader: Script, session: Session) -> None:
    job = make_job(
        session, status="completed", total=200, done=190, skipped=6, failed=4, steps=[STEP], tokens=1000, model="m",
        started_at=START, finished_at=START + timedelta(seconds=10), message="done",
    )  # fmt: skip
    session.commit()
    with patch("webapp.api.v1.jobs.price_of", return_value=(0.5, "USD")):
        answer = reader.get(f"/jobs/{job.id}")
    url = f"/v1/admin/jobs/{job.id}"
    assert answer.json == {
        "id": str(job.id),
        "number": job.number,
        "kind": "etl.sync",
        "status": "completed",
        "message": "done",
        "waiting": None,
        "steps": [STEP],
        "progress": {
            "total": 200, "done": 190, "skipped": 6, "failed": 4, "percent": 100.0, "rate": 20.0, "eta_seconds": None,
            "early_seconds": None, "late_seconds": None,
        },
        "created_at": job.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "started_at": "2026-11-21T12:00:00Z",
        "finished_at": "2026-11-21T12:00:10Z",
        "requested_by": "ana",
        "retry_of": None,
        "error": None,
        "cost": {"tokens": 1000, "amount": 0.5, "currency": "USD"},
        "links": {
            "self": url,
            "records": f"{url}/records",
            "events": f"{url}/events",
            "retries": f"{url}/retries",
            "cancellations": f"{url}/cancellations",
        },
        "parts": [],
    }  # fmt: skip


def test_what_stands_still_says_why_and_until_when(reader: Script, session: Session) -> None:
    said = "Waits until 12:04:10 UTC: Cohere asks us to wait."
    held = make_job(session, status="waiting", message=said)
    make_part(session, held, [1], status="waiting", message="Cohere asks us to wait", not_before=START)
    queued = make_job(session, status="queued")
    session.commit()
    answer: Any = reader.get(f"/jobs/{held.id}").json
    assert answer["message"] == said
    assert answer["waiting"] == {"code": "told", "detail": said, "until": "2026-11-21T12:00:00Z"}
    assert [(part["status"], part["until"]) for part in answer["parts"]] == [("waiting", "2026-11-21T12:00:00Z")]
    listed: Any = reader.get("/jobs?status=queued").json
    sentence = "No worker listens on jobs:etl. Start one with: vigia worker"
    assert [(job["id"], job["message"]) for job in listed["items"]] == [(str(queued.id), sentence)]
    assert listed["items"][0]["waiting"] == {"code": "no_worker", "detail": sentence, "until": None}


def test_what_is_not_known_is_null(reader: Script, session: Session) -> None:
    job = make_job(session, status="queued")
    session.commit()
    answer: Any = reader.get(f"/jobs/{job.id}").json
    assert answer["progress"] == {
        "total": None, "done": 0, "skipped": 0, "failed": 0, "percent": None, "rate": None, "eta_seconds": None,
            "early_seconds": None, "late_seconds": None,
    }  # fmt: skip
    assert (answer["started_at"], answer["finished_at"], answer["error"]) == (None, None, None)
    assert answer["cost"] == {"tokens": 0, "amount": None, "currency": None}


def test_nothing_to_do_is_completed_and_all_done(reader: Script, session: Session) -> None:
    job = make_job(session, status="completed", total=0)
    session.commit()
    answer: Any = reader.get(f"/jobs/{job.id}").json
    assert (answer["status"], answer["progress"]["percent"]) == ("completed", 100.0)


def test_a_job_that_stopped_says_why_and_whose_retry_it_is(reader: Script, session: Session) -> None:
    old = make_job(session, status="failed", error_code="refused_key", error_detail="Set COHERE_API_KEY.")
    new = make_job(session, retry_of=old.id)
    session.commit()
    answer: Any = reader.get(f"/jobs/{old.id}").json
    assert answer["error"] == {"code": "refused_key", "detail": "Set COHERE_API_KEY."}
    assert reader.get(f"/jobs/{new.id}").json["retry_of"] == str(old.id)  # type: ignore[index]


def test_the_api_tells_what_redis_tells(reader: Script, session: Session, redis: Redis) -> None:
    job = make_job(session, status="running", total=10, done=1)
    session.refresh(job)
    live.publish(redis, view_of(job))
    redis.hset(live.key(str(job.id)), "done", 7)
    session.commit()
    assert reader.get(f"/jobs/{job.id}").json["progress"]["done"] == 7  # type: ignore[index]


def test_jobs_are_listed_newest_first_page_by_page(reader: Script, session: Session) -> None:
    made = [str(make_job(session).id) for _ in range(3)]
    session.commit()
    first: Any = reader.get("/jobs?limit=2").json
    second: Any = reader.get(f"/jobs?limit=2&cursor={first['next']}").json
    assert [job["id"] for job in first["items"] + second["items"]] == made[::-1]
    assert (first["total"], first["total_exact"], second["next"]) == (3, True, None)


@pytest.mark.parametrize(
    ("query", "found"), [("status=failed", 1), ("kind=etl.embed", 1), ("user=eva", 1), ("q=night", 1)]
)
def test_jobs_are_filtered_as_in_the_portal(reader: Script, session: Session, query: str, found: int) -> None:
    make_job(session, status="failed", kind="etl.embed", requested_by="eva", title="night run")
    make_job(session)
    session.commit()
    assert reader.get(f"/jobs?{query}").json["total"] == found  # type: ignore[index]


def test_records_tell_what_became_of_each(reader: Script, session: Session) -> None:
    job, candidate = make_job(session, status="running"), make_candidate(session, full_name="Íñigo <b>")
    failure = make_failure(session, job, candidate.id, collection="")
    make_part(session, job, [candidate.id, 10**9])
    session.commit()
    answer: Any = reader.get(f"/jobs/{job.id}/records").json
    assert answer["total"] == 2
    assert answer["items"][0] == {
        "part": 0,
        "position": 1,
        "record_id": candidate.id,
        "outcome": "failed",
        "external_id": candidate.external_id,
        "full_name": "Íñigo <b>",
        "failure_id": failure.id,
        "cause": "text_refused",
        "reason": "Cohere refused the text.",
        "led_to": None,
    }
    assert answer["items"][1]["outcome"] == "pending"


def test_the_outcomes_of_an_act_are_its_records(reader: Script, session: Session) -> None:
    bulk, hit = make_job(session, kind="jobs.bulk", status="running"), make_job(session, title="Hit")
    make_part(session, bulk, [hit.number, 10**9])
    session.add(JobResult(job_id=bulk.id, record_id=hit.number, outcome="done", sentence="Cancelled.", led_to=None))
    session.commit()
    first, second = reader.get(f"/jobs/{bulk.id}/records").json["items"]  # type: ignore[index]
    assert (first["record_id"], first["outcome"], first["reason"]) == (hit.number, "done", "Cancelled.")
    assert (first["external_id"], first["full_name"]) == (str(hit.id), "Hit")
    assert (second["outcome"], second["full_name"]) == ("pending", None)


def test_scripts_act_on_many_by_a_job(operator: Script, session: Session) -> None:
    queued = make_job(session, status="queued")
    make_job(session)
    session.commit()
    body = {"kind": "jobs.bulk", "payload": {"act": "cancel", "where": {"statuses": ["queued"]}}}
    foretold: Any = operator.post("/jobs", body | {"dry_run": True}).json
    assert (foretold["records"], foretold["estimated_tokens"]) == (1, 0)
    launched: Any = operator.post("/jobs", body | {"reason": "wrong filter"})
    assert launched.status_code == 202
    bulk = session.get_one(Job, UUID(launched.json["job_id"]))
    assert (bulk.queue, bulk.payload["where"]["statuses"]) == ("jobs:maintenance", ["queued"])
    assert queued.number < bulk.number


def test_a_search_that_cannot_be_used_is_named(reader: Script) -> None:
    answer: Any = reader.get("/jobs?q=colour:red")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "q"
    assert "There is no term" in answer.json["detail"]


def test_events_are_the_timeline(reader: Script, session: Session) -> None:
    job = make_job(session)
    make_event(session, job, "first")
    make_event(session, job, "second")
    session.commit()
    answer: Any = reader.get(f"/jobs/{job.id}/events?limit=1").json
    assert [(event["message"], event["level"], event["part"]) for event in answer["items"]] == [
        ("second", "info", None)
    ]
    assert answer["items"][0]["at"].endswith("Z")
    assert reader.get(f"/jobs/{job.id}/events?cursor={answer['next']}").json["items"][0]["message"] == "first"  # type: ignore[index]


def test_a_retry_is_a_new_job_and_pressed_again_the_same(operator: Script, session: Session) -> None:
    job, candidate = make_job(session, status="completed_with_errors", split_at=START), make_candidate(session)
    make_failure(session, job, candidate.id)
    session.commit()
    first = operator.post(f"/jobs/{job.id}/retries", {"reason": "mended"})
    second = operator.post(f"/jobs/{job.id}/retries")
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json is not None
    assert second.json is not None
    assert first.json["job_id"] == second.json["job_id"] != str(job.id)
    assert first.headers["Location"] == first.json["status_url"]
    assert session.get_one(Job, UUID(first.json["job_id"])).retry_of == job.id


@pytest.mark.parametrize("status", ["running", "completed"])
def test_nothing_to_retry_is_409(operator: Script, session: Session, status: str) -> None:
    job = make_job(session, status=status, split_at=START)
    session.commit()
    assert operator.post(f"/jobs/{job.id}/retries").status_code == 409


def test_a_job_is_cancelled_with_one_audit_row(operator: Script, session: Session) -> None:
    job = operator.post("/etl/sync").json["job_id"]  # type: ignore[index]
    answer = operator.post(f"/jobs/{job}/cancellations", {"reason": "wrong group"})
    assert answer.status_code == 202
    assert answer.json == {"job_id": job, "status": "cancelled", "status_url": f"/v1/admin/jobs/{job}"}
    [row] = session.scalars(select(AuditEvent).where(AuditEvent.action == "job.cancel")).all()
    assert (row.target, row.reason, row.actor) == (job, "wrong group", "token:nightly")


def test_a_job_that_is_over_is_not_cancelled(operator: Script, session: Session) -> None:
    job = make_job(session, status="completed")
    session.commit()
    assert operator.post(f"/jobs/{job.id}/cancellations").status_code == 409
    assert session.scalar(select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "job.cancel")) == 0
