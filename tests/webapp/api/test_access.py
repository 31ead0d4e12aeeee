"""People, tokens and the audit for scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import SYSTEM, create_person, verify_password
from core.models import ApiToken, AuditEvent, Person
from tests.webapp.api.conftest import Script
from tests.webapp.factories import make_act, make_person, make_token


@pytest.fixture
def admin(script: Callable[..., Script]) -> Script:
    return script("admin", name="root")


def test_a_person_is_added_with_a_password_that_was_made_and_is_answered_once(admin: Script, session: Session) -> None:
    made: Any = admin.post("/people", {"name": "Marta", "role": "operator"})

    assert made.status_code == 201
    person = verify_password(session, "Marta", made.json["password"])
    assert person is not None and person.role == "operator"
    assert made.json["password"] not in admin.get("/people").text + admin.get("/audit").text


def test_a_password_that_was_chosen_is_not_answered(admin: Script, session: Session) -> None:
    made: Any = admin.post("/people", {"name": "Marta", "role": "viewer", "password": "long enough"})

    assert made.json["password"] is None
    assert verify_password(session, "Marta", "long enough") is not None
    assert admin.post(f"/people/{made.json['id']}/passwords", {"password": "another one"}).status_code == 200
    assert verify_password(session, "Marta", "another one") is not None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Eva", "role": "root"}, "role"),
        ({"name": "token:x", "role": "viewer"}, "name"),
        ({"name": "Eva", "role": "viewer", "password": "short"}, "password"),
        ({"name": "taken", "role": "viewer"}, "name"),
        ({"role": "viewer"}, "name"),
    ],
)
def test_what_cannot_be_used_is_named(admin: Script, session: Session, body: dict[str, str], field: str) -> None:
    make_person(session, name="taken")
    session.commit()

    refused: Any = admin.post("/people", body)

    assert refused.status_code == 422
    assert [error["field"] for error in refused.json["errors"]] == [field]


def test_role_and_way_in_are_changed_with_their_trail(admin: Script, session: Session) -> None:
    person = make_person(session, name="Marta")
    session.commit()

    role: Any = admin.post(f"/people/{person.id}/roles", {"role": "admin", "reason": "grew"})
    off: Any = admin.post(f"/people/{person.id}/deactivations", {"reason": "left"})
    assert (role.json["role"], off.status_code) == ("admin", 409)  # the last admin stays
    make_person(session, role="admin")
    session.commit()
    off = admin.post(f"/people/{person.id}/deactivations", {"reason": "left"})
    on: Any = admin.post(f"/people/{person.id}/reactivations")
    assert (off.json["active"], on.json["active"]) == (False, True)

    trail: Any = admin.get("/audit?target=person:Marta").json
    assert [(act["who"], act["action"], act["reason"], act["before"], act["after"]) for act in trail["items"]] == [
        ("token:root", "person.reactivate", "", {"active": False}, {"active": True}),
        ("token:root", "person.deactivate", "left", {"active": True}, {"active": False}),
        ("token:root", "person.role", "grew", {"role": "viewer"}, {"role": "admin"}),
    ]


def test_a_token_does_not_lock_out_its_own_person(admin: Script, session: Session) -> None:
    person = make_person(session, role="admin")
    make_person(session, role="admin")
    session.scalars(select(ApiToken)).one().person_id = person.id
    session.commit()

    refused: Any = admin.post(f"/people/{person.id}/roles", {"role": "viewer"})

    assert refused.status_code == 409
    assert "another admin" in refused.json["detail"]


def test_a_token_is_made_of_the_same_person_and_revoked(admin: Script, app: Flask, session: Session) -> None:
    person = create_person(session, "Marta", "long enough", "admin", SYSTEM)
    session.scalars(select(ApiToken)).one().person_id = person.id
    session.commit()
    end = (datetime.now(UTC) + timedelta(days=1)).isoformat()

    made: Any = admin.post("/tokens", {"name": "nightly", "scopes": ["read"], "expires_at": end})
    assert (made.status_code, made.json["person"], made.json["state"]) == (201, "Marta", "usable")
    nightly = Script(app.test_client(), made.json["token"])
    assert nightly.get("/jobs").status_code == 200

    listed: Any = admin.get("/tokens?q=night").json
    assert [token["name"] for token in listed["items"]] == ["nightly"]
    assert made.json["token"] not in admin.get("/tokens").text
    assert admin.post(f"/tokens/{made.json['id']}/revocations", {"reason": "leaked"}).status_code == 200
    assert nightly.get("/jobs").status_code == 401
    assert admin.post(f"/tokens/{made.json['id']}/revocations").status_code == 409


def test_a_token_does_not_end_before_it_begins(admin: Script) -> None:
    refused: Any = admin.post("/tokens", {"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"})

    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "expires_at")


def test_tokens_are_listed_by_state(admin: Script, session: Session) -> None:
    past, gone = datetime.now(UTC) - timedelta(days=1), make_person(session, active=False)
    rows = {
        "expired": make_token(session, expires_at=past),
        "revoked": make_token(session, expires_at=past, revoked_at=past),
        "closed": make_token(session, person_id=gone.id),
        "usable": make_token(session, person_id=make_person(session).id),
    }
    session.commit()

    for state, row in rows.items():
        items: Any = admin.get(f"/tokens?state={state}&q={row.prefix}").json["items"]  # type: ignore[index]
        assert [(token["id"], token["state"]) for token in items] == [(row.id, state)]
    found: Any = admin.get("/tokens?limit=2").json
    following: Any = admin.get(f"/tokens?limit=9&cursor={found['next']}").json
    assert (found["total"], len(found["items"]) + len(following["items"])) == (5, 5)


def test_people_are_listed_by_name_role_and_state(admin: Script, session: Session) -> None:
    make_person(session, name="Ana 100%", role="admin")
    make_person(session, name="Anabel", active=False)
    session.commit()

    def names(query: str) -> list[str]:
        listed: Any = admin.get(f"/people?{query}").json
        return [person["name"] for person in listed["items"]]

    assert names("q=ANA") == ["Anabel", "Ana 100%"]
    assert names("q=%25") == ["Ana 100%"]
    assert names("role=admin") == ["Ana 100%"]
    assert names("active=false") == ["Anabel"]
    assert len(session.scalars(select(Person)).all()) == 2


def test_the_audit_is_filtered_and_paged(admin: Script, session: Session) -> None:
    start = datetime(2026, 11, 20, tzinfo=UTC)
    for n in range(5):
        make_act(session, actor="ana", action="job.launch", target=f"0a1b{n}", at=start + timedelta(hours=n))
    make_act(session, actor="anabel", action="person.role", target="person:Eva", at=start)
    make_act(session, actor="anabel", action="person.role", target="person:Evaristo", at=start)
    session.commit()

    def total(query: str) -> int:
        return admin.get(f"/audit?{query}").json["total"]  # type: ignore[index, no-any-return]

    assert total("who=ana") == 5
    assert total("action=job.") == 5
    assert total("target=0a1b3") == 1
    assert total("target=person:") == 2
    assert total("target=person:Eva") == 1
    assert total("who=ana&after=2026-11-20T01:00:00Z&before=2026-11-20T03:00:00Z") == 2
    first: Any = admin.get("/audit?who=ana&limit=3").json
    second: Any = admin.get(f"/audit?who=ana&limit=3&cursor={first['next']}").json
    assert [act["target"] for act in first["items"] + second["items"]] == [f"0a1b{n}" for n in (4, 3, 2, 1, 0)]
    assert (first["total"], second["next"]) == (5, None)
    assert session.scalars(select(AuditEvent.action).distinct().order_by(AuditEvent.action)).all() == [
        "job.launch",
        "person.role",
        "token.create",
    ]
