"""Who may call what: tokens with scopes, never cookies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from core.access import SYSTEM, create_person
from core.models import ApiToken, AuditEvent, Job
from tests.webapp.api.conftest import PREFIX, Script

JOB = str(UUID(int=4))
READS = [
    "/jobs",
    f"/jobs/{JOB}",
    f"/jobs/{JOB}/records",
    f"/jobs/{JOB}/events",
    "/failures",
    "/alerts",
    "/queues",
    "/workers",
    "/coverage",
    "/costs",
    "/candidates",
    "/candidates/1",
    "/search?q=x",
    "/search/checks",
]
WRITES = [
    "/jobs",
    "/etl/sync",
    "/etl/embeddings",
    "/search/checks",
    f"/jobs/{JOB}/retries",
    f"/jobs/{JOB}/cancellations",
    "/failures/retries",
    "/failures/discards",
    "/candidates/1/corrections",
    "/queues/jobs:etl/pauses",
    "/queues/jobs:etl/resumptions",
    "/workers/w-1/drains",
    "/workers/w-1/stops",
    "/workers/w-1/resumptions",
]
ADMIN = [
    ("GET", "/people"),
    ("POST", "/people"),
    ("POST", "/people/99/roles"),
    ("POST", "/people/99/passwords"),
    ("POST", "/people/99/deactivations"),
    ("POST", "/people/99/reactivations"),
    ("GET", "/tokens"),
    ("POST", "/tokens"),
    ("POST", "/tokens/99/revocations"),
    ("GET", "/audit"),
]
CALLS = [("GET", path) for path in READS] + [("POST", path) for path in WRITES] + ADMIN
OPEN = {"/v1/admin/", "/v1/admin/openapi.json"}


def test_this_list_knows_every_call(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    known = set()
    for method, path in CALLS:
        rule, _ = adapter.match(PREFIX + path.split("?")[0], method, return_rule=True)
        known.add((method, rule.rule))
    served = {(method, rule.rule) for rule in _rules(app) for method in _methods(rule)}
    assert served == known


def test_without_a_token_nothing_opens(subtests: pytest.Subtests, app: Flask) -> None:
    for method, path in CALLS:
        with subtests.test(path=repr(path)[:60]):
            answer = app.test_client().open(PREFIX + path, method=method)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.content_type == "application/problem+json"


def test_a_reader_may_not_write_and_is_told_the_scope(
    subtests: pytest.Subtests, reader: Script, session: Session
) -> None:
    for path in WRITES:
        with subtests.test(path=repr(path)[:60]):
            answer = reader.post(path, {})
            assert answer.status_code == 403
            assert "operate" in answer.json["detail"]  # type: ignore[index]
            assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_only_an_admin_gets_at_people_tokens_and_the_audit(
    subtests: pytest.Subtests, script: Callable[..., Script]
) -> None:
    callers = {scope: script(scope) for scope in ("read", "operate", "admin")}
    for method, path in ADMIN:
        with subtests.test(path=f"{method} {path}"):
            answers = {scope: callers[scope].call(method, path) for scope in ("read", "operate")}
            assert {answer.status_code for answer in answers.values()} == {403}
            assert all("the scope admin" in answer.json["detail"] for answer in answers.values())  # type: ignore[index]
            assert callers["admin"].call(method, path).status_code in (200, 404, 415, 422)


@pytest.mark.parametrize("scopes", [("operate",), ("admin",), ("read", "operate")])
def test_a_greater_scope_may_do_what_a_lesser_may(script: Callable[..., Script], scopes: tuple[str, ...]) -> None:
    assert script(*scopes).get("/jobs").status_code == 200
    assert script(*scopes).post("/etl/sync").status_code in (200, 202)


NO_TOKENS = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer x",
    "Bearer vigia_0_0",
    "Basic YTpi",
    "Bearer \x00",
    "Bearer é",
    "Token",
]


def test_a_token_that_is_none_does_not_open(subtests: pytest.Subtests, app: Flask) -> None:
    for header in NO_TOKENS:
        with subtests.test(header=repr(header)[:60]):
            answer = app.test_client().get(
                f"{PREFIX}/jobs", headers={"Authorization": header.encode().decode("latin-1")}
            )
            assert answer.status_code == 401


@pytest.mark.parametrize("end", ["revoked_at", "expires_at"])
def test_a_token_that_is_over_does_not_open(reader: Script, session: Session, end: str) -> None:
    session.execute(update(ApiToken).values({end: datetime.now(UTC) - timedelta(seconds=1)}))
    session.commit()
    assert reader.get("/jobs").status_code == 401


def test_a_token_never_does_more_than_its_person(script: Callable[..., Script], session: Session) -> None:
    person = create_person(session, "Eva", "correct horse", "viewer", SYSTEM)
    caller = script("admin")
    session.execute(update(ApiToken).values(person_id=person.id))
    session.commit()
    assert caller.get("/jobs").status_code == 200
    assert caller.post("/etl/sync").status_code == 403


@pytest.mark.parametrize("path", WRITES + [path for method, path in ADMIN if method == "POST"])
def test_the_cookie_of_a_person_opens_no_write(app: Flask, session: Session, path: str) -> None:
    create_person(session, "ana", "correct horse", "admin", SYSTEM)
    session.commit()
    client = app.test_client()
    app.config["WTF_CSRF_ENABLED"] = False
    signed_in = client.post("/login", data={"username": "ana", "password": "correct horse"})
    assert signed_in.status_code == 303
    assert client.post(PREFIX + path, json={}).status_code == 401


def test_the_last_use_is_kept_to_the_minute(reader: Script, session: Session) -> None:
    reader.get("/jobs")
    first = session.scalars(select(ApiToken.last_used)).one()
    reader.get("/jobs")
    session.rollback()
    assert first is not None
    assert session.scalars(select(ApiToken.last_used)).one() == first


def test_reading_leaves_no_audit_row(reader: Script, session: Session) -> None:
    before = session.scalar(select(func.count()).select_from(AuditEvent))
    for path in READS[:-1]:
        reader.get(path)
    assert session.scalar(select(func.count()).select_from(AuditEvent)) == before


def _rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PREFIX) and rule.rule not in OPEN]


def _methods(rule: Rule) -> set[str]:
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}
