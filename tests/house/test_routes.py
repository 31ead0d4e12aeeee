"""Rules of the house for routes: each has its guard, each page works, each refuses the wrong method and role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from core.access import ROLES, allows
from core.models import AuditEvent, Candidate, Person
from core.settings import Settings
from tests.webapp.conftest import Visitor, enter
from tests.webapp.factories import make_act, make_candidate, make_job, make_person, make_token
from webapp import close, create_app
from webapp.extensions import db
from webapp.rq_board import NAME as RQ

PUBLIC = {"sessions.new", "sessions.create", "health.alive", "health.ready", "static"}
# What portal.md and the issue ask for; a path that goes must go from here too.
PAGES = {
    "/",
    "/login",
    "/logout",
    "/preferences",
    "/keys",
    "/overview/live",
    "/jobs",
    "/jobs.<any(csv, json):ending>",
    "/jobs/live",
    "/jobs/compare",
    "/jobs/bulk",
    "/jobs/bulk/new",
    "/jobs/<uuid:job_id>",
    "/jobs/<uuid:job_id>/progress",
    "/jobs/<uuid:job_id>/records",
    "/jobs/<uuid:job_id>/events",
    "/jobs/<uuid:job_id>/parts",
    "/jobs/<uuid:job_id>/retries",
    "/jobs/<uuid:job_id>/cancellations",
    "/jobs/<uuid:job_id>/cancellations/new",
    "/queues.<any(csv, json):ending>",
    "/workers.<any(csv, json):ending>",
    "/jobs/<uuid:job_id>/records.<any(csv, json):ending>",
    "/jobs/<uuid:job_id>/events.<any(csv, json):ending>",
    "/alerts",
    "/alerts/live",
    "/alerts.<any(csv, json):ending>",
    "/queues",
    "/workers",
    "/workers/live",
    "/workers/<name>/drains",
    "/workers/<name>/drains/new",
    "/workers/<name>/stops",
    "/workers/<name>/stops/new",
    "/workers/<name>/resumptions",
    "/queues/live",
    "/queues/<name>/pauses",
    "/queues/<name>/pauses/new",
    "/queues/<name>/resumptions",
    "/failures",
    "/failures.<any(csv, json):ending>",
    "/failures/bulk",
    "/failures/bulk/new",
    "/failures/retries",
    "/failures/discards",
    "/failures/discards/new",
    "/sync/new",
    "/sync/previews",
    "/sync",
    "/launches/<name>",
    "/launches/<name>/new",
    "/candidates",
    "/candidates.<any(csv, json):ending>",
    "/candidates/<int:candidate_id>",
    "/candidates/<int:candidate_id>/history.<any(csv, json):ending>",
    "/costs",
    "/costs.<any(csv, json):ending>",
    "/candidates/<int:candidate_id>/corrections",
    "/candidates/<int:candidate_id>/corrections/new",
    "/embeddings",
    "/embeddings/new",
    "/search/checks",
    "/search/checks.<any(csv, json):ending>",
    "/find",
    "/views",
    "/views/<int:view_id>/names",
    "/views/<int:view_id>/deletions",
    "/password",
    "/people",
    "/people.<any(csv, json):ending>",
    "/people/new",
    "/people/<int:person_id>",
    "/people/<int:person_id>/roles",
    "/people/<int:person_id>/passwords",
    "/people/<int:person_id>/deactivations",
    "/people/<int:person_id>/deactivations/new",
    "/people/<int:person_id>/reactivations",
    "/tokens",
    "/tokens.<any(csv, json):ending>",
    "/tokens/new",
    "/tokens/<int:token_id>",
    "/tokens/<int:token_id>/revocations",
    "/tokens/<int:token_id>/revocations/new",
    "/audit",
    "/audit.<any(csv, json):ending>",
    "/audit/<int:event_id>",
    "/settings",
    "/healthz",
    "/readyz",
}


@pytest.fixture
def app(settings_env: Callable[..., Settings]) -> Iterator[Flask]:
    app = create_app(settings_env())
    yield app
    close(app)


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    with app.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def known(session: Session) -> dict[str, Any]:
    """Something for each variable of an address."""
    values = {"job_id": make_job(session, status="queued").id, "candidate_id": make_candidate(session).id}
    values["version"] = session.scalars(select(Candidate.updated_at)).one().isoformat()
    values |= {"person_id": make_person(session).id, "token_id": make_token(session).id}
    values |= {"event_id": make_act(session).id}
    session.commit()
    return {**values, "name": "etl.embed", "filename": "css/portal.css", "view_id": 1, "ending": "csv"}


def ours(app: Flask) -> list[Rule]:
    """The routes of our pages: neither the dashboard's, which have a guard of their own, nor the API's."""
    return [rule for rule in app.url_map.iter_rules() if not rule.endpoint.startswith((f"{RQ}.", "api."))]


def needs(app: Flask, rule: Rule) -> str:
    return getattr(app.view_functions[rule.endpoint], "needs", "")


def address(app: Flask, rule: Rule, known: dict[str, Any]) -> str:
    with app.test_request_context():
        path: str = app.url_map.bind("localhost").build(rule.endpoint, {name: known[name] for name in rule.arguments})
    return path


def signed_in(app: Flask, session: Session, role: str) -> Visitor:
    person = Person(name=role, role=role, password_hash="-")
    session.add(person)
    session.commit()
    return enter(app, person)


def test_the_pages_are_these(app: Flask) -> None:
    assert {rule.rule for rule in ours(app)} - {"/static/<path:filename>"} == PAGES


def test_every_route_says_whom_it_lets_in(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(f"{RQ}."):
            continue
        if rule.endpoint in PUBLIC:
            assert needs(app, rule) in ("public", ""), rule.endpoint
        elif rule.endpoint.startswith("api."):
            assert needs(app, rule).startswith("scope:") or needs(app, rule) == "public", rule.endpoint
        else:
            assert needs(app, rule).removeprefix("role:") in ROLES, rule.endpoint


def test_every_write_needs_more_than_looking(app: Flask) -> None:
    own = {"sessions.delete", "preferences.update", "own_password.update"}  # what everybody may do with themselves
    own |= {"saved_views.create", "saved_views.rename", "saved_views.delete"}
    for rule in ours(app):
        if rule.methods and "POST" in rule.methods and rule.endpoint not in PUBLIC | own:
            assert needs(app, rule) in ("role:operator", "role:admin"), rule.endpoint


def test_nobody_gets_past_the_login(app: Flask, known: dict[str, Any]) -> None:
    client = app.test_client()
    for rule in ours(app):
        if rule.endpoint not in PUBLIC and rule.methods and "GET" in rule.methods:
            answer = client.get(address(app, rule, known))
            assert (answer.status_code, answer.location.split("?")[0]) == (302, "/login"), rule.rule


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_exactly_what_it_may(app: Flask, session: Session, known: dict[str, Any], role: str) -> None:
    visitor = signed_in(app, session, role)
    for rule in ours(app):
        wanted = needs(app, rule).removeprefix("role:")
        if wanted not in ROLES:
            continue
        for method in (rule.methods or set()) & {"GET", "POST"}:
            if rule.endpoint == "sessions.delete":
                continue
            call = visitor.get if method == "GET" else visitor.post
            status = call(address(app, rule, known)).status_code
            assert (status == 403) != allows(role, wanted), (rule.rule, status)
            assert status < 500, (rule.rule, status)


def test_each_route_refuses_the_methods_it_does_not_know(app: Flask, session: Session, known: dict[str, Any]) -> None:
    visitor = signed_in(app, session, "admin")
    taken: dict[str, set[str]] = {}
    for rule in ours(app):
        taken.setdefault(address(app, rule, known), set()).update(rule.methods or set())
    for path, methods in taken.items():
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - methods:
            answer = visitor.client.open(path, method=method, headers={"X-CSRFToken": visitor.token})
            assert answer.status_code == 405, (method, path)


def test_every_write_leaves_an_audit_row(app: Flask, session: Session, known: dict[str, Any]) -> None:
    visitor, person = signed_in(app, session, "admin"), known["candidate_id"]
    job: UUID = known["job_id"]
    writes: list[tuple[str, dict[str, str]]] = [
        ("/sync", {"scope": "all"}),
        ("/embeddings", {"candidate_ids": str(person)}),
        ("/launches/etl.sync", {"limit": "3"}),
        (f"/candidates/{person}/corrections", {"summary": "Mended.", "reason": "why", "version": known["version"]}),
        (f"/jobs/{job}/cancellations", {"reason": "why"}),
        (f"/jobs/{job}/retries", {}),
        ("/preferences", {"theme": "dark"}),
        ("/people", {"name": "Eva", "role": "viewer", "password": "long enough", "again": "long enough"}),
        (f"/people/{known['person_id']}/roles", {"role": "operator"}),
        (f"/people/{known['person_id']}/passwords", {}),
        (f"/people/{known['person_id']}/deactivations", {"reason": "why"}),
        (f"/people/{known['person_id']}/reactivations", {}),
        ("/tokens", {"name": "nightly", "scopes": "read", "days": "30"}),
        (f"/tokens/{known['token_id']}/revocations", {"reason": "why"}),
        ("/queues/jobs:etl/pauses", {"reason": "why"}),
        ("/queues/jobs:etl/resumptions", {}),
        ("/logout", {}),
    ]
    for path, fields in writes:
        before = session.scalar(select(func.count()).select_from(AuditEvent)) or 0
        assert visitor.post(path, **fields).status_code == 303, path
        session.commit()
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == before + 1, path
