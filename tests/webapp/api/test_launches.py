"""POST /etl/sync, /etl/embeddings and /jobs: at once, once, and only by those who may."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.jobs import live
from core.kinds import KINDS
from core.models import AuditEvent, Job
from tests.webapp.api.conftest import Script
from tests.webapp.factories import make_candidate


def jobs_in(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Job)) or 0


@pytest.fixture
def people(session: Session) -> list[int]:
    made = [make_candidate(session).id for _ in range(3)]
    session.commit()
    return made


@pytest.mark.parametrize(
    "kwargs",
    [
        {"json": {}},
        {"data": b""},
        {"data": b"null", "content_type": "application/json"},
        {"json": {"limit": None, "force": False, "filter": None}},
    ],
)
def test_a_sync_is_accepted_with_the_job_to_watch(
    operator: Script, session: Session, redis: Redis, kwargs: dict[str, Any]
) -> None:
    answer = operator.call("POST", "/etl/sync", **kwargs)
    assert answer.status_code == 202
    assert answer.json is not None
    job = session.get_one(Job, UUID(answer.json["job_id"]))
    assert answer.json == {"job_id": str(job.id), "status": "queued", "status_url": f"/v1/admin/jobs/{job.id}"}
    assert answer.headers["Location"] == f"/v1/admin/jobs/{job.id}"
    assert (job.kind, job.requested_by) == ("etl.sync", "token:nightly")
    copy = live.read(redis, str(job.id))
    assert copy is not None and copy.status == "queued"


def test_the_same_sync_twice_is_one_job(operator: Script, session: Session) -> None:
    first, second = operator.post("/etl/sync", {}), operator.post("/etl/sync", {"force": False})
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json == second.json
    assert first.headers["Location"] == second.headers["Location"]
    assert jobs_in(session) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"filter": {}}, {}),
        ({"filter": {"skills": ["sql", "dbt", "sql"]}}, {"filter": {"skills": ["dbt", "sql"]}}),
        ({"filter": {"location": None, "languages": []}}, {"filter": None}),
    ],
)
def test_a_scope_spelt_otherwise_is_the_same_scope(operator: Script, one: Any, other: Any) -> None:
    assert operator.post("/etl/sync", one).json == operator.post("/etl/sync", other).json


@pytest.mark.parametrize("body", [{"force": True}, {"limit": 5}, {"filter": {"location": "Bilbao"}}])
def test_another_scope_is_another_job(operator: Script, session: Session, body: Any) -> None:
    operator.post("/etl/sync", {})
    assert operator.post("/etl/sync", body).status_code == 202
    assert jobs_in(session) == 2


def test_a_replayed_key_gives_its_job_even_when_it_is_over(operator: Script, session: Session) -> None:
    key = {"Idempotency-Key": "night 1"}
    first = operator.post("/etl/sync", {"limit": 1}, headers=key)
    session.get_one(Job, UUID(first.json["job_id"])).status = "completed"  # type: ignore[index]
    session.commit()
    again = operator.post("/etl/sync", {"limit": 1, "force": False}, headers=key)
    assert again.status_code == 200
    assert again.json == first.json | {"status": "completed"}  # type: ignore[operator]


@pytest.mark.parametrize(("path", "body"), [("/etl/sync", {"limit": 2}), ("/jobs", {"kind": "etl.sync"})])
def test_a_key_with_another_body_is_refused(operator: Script, session: Session, path: str, body: Any) -> None:
    key = {"Idempotency-Key": "k"}
    operator.post("/etl/sync", {"limit": 1}, headers=key)
    refused = operator.post(path, body, headers=key)
    assert refused.status_code == 422
    assert "Idempotency-Key" in refused.get_data(as_text=True)
    assert jobs_in(session) == 1


def test_a_key_belongs_to_its_token(operator: Script, script: Any, session: Session) -> None:
    key = {"Idempotency-Key": "k"}
    operator.post("/etl/sync", {"limit": 1}, headers=key)
    assert script("operate", name="other").post("/etl/sync", {"limit": 2}, headers=key).status_code == 202


@pytest.mark.parametrize("key", ["", "x" * 256, "ñ".encode().decode("latin-1"), "\t"])
def test_a_key_that_cannot_be_kept_is_refused(operator: Script, key: str) -> None:
    assert operator.post("/etl/sync", {}, headers={"Idempotency-Key": key}).status_code == 422


def test_a_dry_run_previews_and_changes_nothing(operator: Script, session: Session, people: list[int]) -> None:
    before = session.scalar(select(func.count()).select_from(AuditEvent))
    answer = operator.post("/etl/sync", {"dry_run": True}, headers={"Idempotency-Key": "dry"})
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["records"] == 3
    assert {"estimated_tokens", "estimated_cost", "estimated_seconds", "overlapping"} <= set(answer.json)
    assert jobs_in(session) == 0
    assert session.scalar(select(func.count()).select_from(AuditEvent)) == before
    assert operator.post("/etl/sync", {}, headers={"Idempotency-Key": "dry"}).status_code == 202


def test_a_preview_names_the_jobs_it_would_overlap_with(operator: Script) -> None:
    job = operator.post("/etl/sync", {"limit": 1}).json["job_id"]  # type: ignore[index]
    assert operator.post("/etl/sync", {"dry_run": True}).json["overlapping"] == [job]  # type: ignore[index]


def test_chosen_candidates_are_embedded_and_unknown_ids_named(
    operator: Script, session: Session, people: list[int]
) -> None:
    answer = operator.post("/etl/embeddings", {"candidate_ids": [10**9, *people, people[0]]})
    assert answer.status_code == 202
    assert answer.json is not None
    assert answer.json["rejected"] == [10**9]
    job = session.get_one(Job, UUID(answer.json["job_id"]))
    assert job.payload == {"candidate_ids": sorted(people), "force": False}


def test_the_same_group_in_another_order_is_one_job(operator: Script, people: list[int]) -> None:
    first = operator.post("/etl/embeddings", {"candidate_ids": people})
    second = operator.post("/etl/embeddings", {"candidate_ids": people[::-1]})
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json == second.json


NOBODY: list[Any] = [[10**9], [], ["1"], [1.5], [True], [0], [-1], [2**63], None, 1, [None], [1] * 10_001]


def test_a_group_of_nobody_is_refused(subtests: pytest.Subtests, operator: Script, session: Session) -> None:
    for ids in NOBODY:
        with subtests.test(ids=repr(ids)[:60]):
            answer = operator.post("/etl/embeddings", {"candidate_ids": ids})
            assert answer.status_code == 422
            assert answer.json["errors"][0]["field"].startswith("candidate_ids")  # type: ignore[index]
            assert jobs_in(session) == 0


def test_any_kind_is_launched_by_its_name(operator: Script, people: list[int]) -> None:
    named = operator.post("/jobs", {"kind": "etl.embed", "payload": {"candidate_ids": people}, "reason": "new CVs"})
    assert named.status_code == 202
    assert operator.post("/etl/embeddings", {"candidate_ids": people}).json["job_id"] == named.json["job_id"]  # type: ignore[index]


def test_a_new_kind_has_its_call_without_a_line_of_ours(
    operator: Script, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "test.thrown_away", replace(KINDS["etl.sync"], name="test.thrown_away"))
    answer = operator.post("/jobs", {"kind": "test.thrown_away", "payload": {"limit": 3}})
    assert answer.status_code == 202
    assert session.scalars(select(Job.kind)).one() == "test.thrown_away"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "no.such"}, "kind"),
        ({}, "kind"),
        ({"kind": "etl.sync", "payload": {"limit": "5"}}, "payload.limit"),
        ({"kind": "etl.sync", "payload": {"nope": 1}}, "payload.nope"),
        ({"kind": "etl.embed"}, "payload.candidate_ids"),
        ({"kind": "etl.sync", "payload": []}, "payload"),
    ],
)
def test_a_launch_of_a_kind_names_what_is_wrong(operator: Script, body: Any, field: str) -> None:
    answer = operator.post("/jobs", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]  # type: ignore[index]


def test_a_launch_leaves_one_audit_row_with_its_reason(operator: Script, session: Session) -> None:
    operator.post("/etl/sync", {"reason": "nightly"})
    [row] = session.scalars(select(AuditEvent).where(AuditEvent.action == "job.launch")).all()
    assert (row.actor, row.reason, row.address) == ("token:nightly", "nightly", "127.0.0.1")


def test_a_launch_works_while_redis_is_down(operator: Script, session: Session) -> None:
    operator.client.application.extensions["redis"] = Redis(port=1, retry=None)
    answer = operator.post("/etl/sync", {})
    assert answer.status_code == 202
    assert jobs_in(session) == 1
