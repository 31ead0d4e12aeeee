"""Every refusal is a problem document that says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis.exceptions import ConnectionError as RedisDown
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from core.errors import Unavailable
from core.settings import Settings
from tests.webapp.api.conftest import PREFIX, Script
from webapp.extensions import db

HUGE = 10**400


def problem(answer: TestResponse) -> dict[str, Any]:
    """Check the shape of a problem and give it."""
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = json.loads(answer.data)
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["status"] == answer.status_code
    assert body["type"].startswith("urn:vigia:problem:")
    assert body["detail"]
    return body


NO_JSON: list[Any] = [
    b"{",
    b"nope",
    b"{'a': 1}",
    b'{"force": tru}',
    b"\xff\xfe",
    b'{"force": true} x',
    b"[" * 100_000,
    b'"\\ud800"',
]


def test_a_body_that_is_no_json_is_400(subtests: pytest.Subtests, operator: Script) -> None:
    for data in NO_JSON:
        with subtests.test(data=repr(data)[:60]):
            answer = operator.call("POST", "/etl/sync", data=data, content_type="application/json")
            assert answer.status_code == 400
            assert "not JSON" in problem(answer)["detail"]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None]
)
def test_a_body_that_is_not_declared_as_json_is_415(operator: Script, content_type: str | None) -> None:
    answer = operator.call("POST", "/etl/sync", data=b'{"force": true}', content_type=content_type)
    assert answer.status_code == 415
    assert "application/json" in problem(answer)["detail"]


BAD_FIELDS: list[Any] = [
    ([], "body"),
    ("text", "body"),
    (7, "body"),
    (False, "body"),
    ({"force": "yes"}, "force"),
    ({"force": 1}, "force"),
    ({"force": None}, "force"),
    ({"limit": "5"}, "limit"),
    ({"limit": 1.5}, "limit"),
    ({"limit": True}, "limit"),
    ({"limit": 0}, "limit"),
    ({"limit": -1}, "limit"),
    ({"limit": HUGE}, "limit"),
    ({"limit": [1]}, "limit"),
    ({"filter": []}, "filter"),
    ({"filter": {"skill": ["sql"]}}, "filter.skill"),
    ({"filter": {"skills": "sql"}}, "filter.skills"),
    ({"filter": {"skills": [1]}}, "filter.skills.0"),
    ({"filter": {"min_years": HUGE}}, "filter.min_years"),
    ({"filter": {"location": "a\0b"}}, "filter.location"),
    ({"filter": {"skills": ["\0"]}}, "filter.skills.0"),
    ({"filter": {"location": "x" * 100_000}}, "filter.location"),
    ({"reason": "\0"}, "reason"),
    ({"dryrun": True}, "dryrun"),
    ({"<script>": 1}, "<script>"),
]


def test_a_bad_field_is_422_and_named(subtests: pytest.Subtests, operator: Script) -> None:
    for body, field in BAD_FIELDS:
        with subtests.test(field=repr(field)[:60]):
            answer = operator.post("/etl/sync", body)
            assert answer.status_code == 422
            assert [error["field"] for error in problem(answer)["errors"]] == [field]


BAD_PARAMETERS: list[Any] = [
    ("/jobs?limit=0", "limit"),
    ("/jobs?limit=201", "limit"),
    ("/jobs?limit=x", "limit"),
    (f"/jobs?limit={HUGE}", "limit"),
    ("/jobs?status=done", "status"),
    ("/jobs?stauts=failed", "stauts"),
    ("/jobs?kind=a&kind=b", "kind"),
    ("/jobs?cursor=x", "cursor"),
    ("/jobs?q=%00", "q"),
    ("/jobs?user=" + "x" * 201, "user"),
    ("/failures?group=step", "group"),
    ("/failures?group=none&job_id=7", "job_id"),
    (f"/failures?record_id={HUGE}", "record_id"),
    ("/failures?group=none&cursor=WyJ4Il0", "cursor"),
    ("/candidates?state=lost", "state"),
    ("/candidates?filter=x", "filter"),
    ("/candidates?filter={%22min_years%22:-1}", "filter.min_years"),
    ("/candidates?filter={%22status%22:%22%5Cu0000%22}", "filter.status"),
    ("/search", "q"),
    ("/search?q=", "q"),
    ("/search?q=x&limit=101", "limit"),
]


def test_a_bad_parameter_is_422_and_named(subtests: pytest.Subtests, reader: Script) -> None:
    for path, field in BAD_PARAMETERS:
        with subtests.test(field=repr(field)[:60]):
            answer = reader.get(path)
            assert answer.status_code == 422
            assert [error["field"] for error in problem(answer)["errors"]] == [field]


NOT_THERE: list[Any] = [
    "/nothing",
    "/jobs/7",
    f"/jobs/{uuid4()}",
    f"/jobs/{uuid4()}/records",
    f"/jobs/{uuid4()}/events",
    "/candidates/0",
    "/candidates/x",
    "/candidates/-1",
    "/candidates/²",
    f"/candidates/{HUGE}",
    "/candidates/" + "9" * 5000,
]


def test_what_is_not_there_is_404(subtests: pytest.Subtests, reader: Script) -> None:
    for path in NOT_THERE:
        with subtests.test(path=repr(path)[:60]):
            answer = reader.get(path)
            assert answer.status_code == 404
            problem(answer)


def test_scripts_read_english_whatever_their_library_asks_for(reader: Script) -> None:
    answer = reader.get(f"/jobs/{UUID(int=0)}", headers={"Accept-Language": "es"})

    assert problem(answer)["detail"] == f"There is no job {UUID(int=0)}."


def test_a_job_that_is_not_there_may_have_been_forgotten(reader: Script, settings_env: Callable[..., Settings]) -> None:
    settings_env(HISTORY_DAYS=30)
    detail = "Jobs are kept for 30 days after their end; the audit and the costs stay."

    assert problem(reader.get(f"/jobs/{UUID(int=0)}"))["detail"] == f"There is no job {UUID(int=0)}. {detail}"


@pytest.mark.parametrize("act", ["retries", "cancellations"])
def test_an_act_on_a_job_that_is_not_there_is_404(operator: Script, act: str) -> None:
    assert problem(operator.post(f"/jobs/{uuid4()}/{act}"))["status"] == 404


@pytest.mark.parametrize(("method", "path", "allowed"), [("GET", "/etl/sync", "POST"), ("DELETE", "/coverage", "GET")])
def test_another_method_is_405_and_the_right_ones_named(operator: Script, method: str, path: str, allowed: str) -> None:
    answer = operator.call(method, path)
    assert answer.status_code == 405
    problem(answer)
    assert allowed in answer.headers["Allow"]


def test_a_body_that_is_too_large_is_413(operator: Script) -> None:
    answer = operator.post("/etl/embeddings", {"candidate_ids": [10**15] * 100_000})
    assert answer.status_code == 413
    problem(answer)


def test_too_many_launches_are_429_with_a_wait(app: Flask, operator: Script) -> None:
    with patch("core.jobs.launch.settings") as settings:
        settings.return_value.launches_per_user_per_minute = 1
        assert operator.post("/etl/sync", {"limit": 1}).status_code == 202
        answer = operator.post("/etl/sync", {"limit": 2})
        assert operator.post("/etl/sync", {"limit": 1}).status_code == 200
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert problem(answer)["type"] == "urn:vigia:problem:too_many_launches"


@pytest.mark.parametrize(
    "error",
    [
        RedisDown("redis://:secret@host"),
        OperationalError("SELECT secret", {}, Exception("secret")),
        Unavailable("Qdrant does not answer.", 7),
    ],
)
def test_a_dependency_that_is_down_is_503_with_a_wait(reader: Script, error: Exception) -> None:
    with patch("webapp.api.v1.searches.search", side_effect=error):
        answer = reader.get("/search?q=nurse")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "secret" not in answer.get_data(as_text=True)
    problem(answer)


def test_a_database_that_is_down_is_503(app: Flask, reader: Script) -> None:
    with app.app_context():
        engine = db.engine

    def refuse(*args: object) -> None:
        raise OperationalError("connect", {}, Exception("refused"))

    event.listen(engine, "engine_connect", refuse)
    try:
        answer = reader.get("/jobs")
    finally:
        event.remove(engine, "engine_connect", refuse)
    assert answer.status_code == 503
    assert problem(answer)["detail"] == "PostgreSQL does not answer. Try again in 5 s."


def test_a_fault_of_ours_is_500_and_tells_nothing_of_the_inside(reader: Script) -> None:
    with patch("webapp.api.v1.searches.search", side_effect=RuntimeError("secret")):
        answer = reader.get("/search?q=nurse")
    assert answer.status_code == 500
    assert "secret" not in answer.get_data(as_text=True)
    assert answer.headers["X-Request-ID"]
    problem(answer)


def test_an_unknown_address_of_the_api_is_a_problem_also_without_a_token(app: Flask) -> None:
    client: FlaskClient = app.test_client()
    problem(client.get("/v1/nothing"))
    assert client.get(f"{PREFIX}/nothing").status_code == 404


def test_an_unknown_page_is_no_problem_document(app: Flask, session: Session) -> None:
    assert app.test_client().get("/nothing").content_type.startswith("text/html")
