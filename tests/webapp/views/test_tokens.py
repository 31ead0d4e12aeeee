"""Tokens are made by whom they serve, shown once, and revoked for a reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import ApiToken, AuditEvent, Person
from tests.webapp.conftest import Visitor, plain
from tests.webapp.factories import make_token

NEW = {"name": "nightly", "scopes": "operate", "days": "30"}


def made(visitor: Visitor, **fields: str) -> tuple[str, str]:
    """Make a token; return its page and its text."""
    answer = visitor.post("/tokens", **(NEW | fields))
    assert answer.status_code == 303
    shown = re.search(r'id="token">([^<]+)<', visitor.get(answer.location).text)
    assert shown is not None
    return str(answer.location), shown[1]


def opens(app: Flask, token: str) -> int:
    return app.test_client().get("/v1/admin/jobs", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_is_shown_once_and_works(app: Flask, operator: Visitor, session: Session) -> None:
    page, text = made(operator)

    again = operator.get(page).text
    assert text not in again
    assert "Authorization: Bearer $VIGIA_TOKEN" in again.replace("&#34;", '"')
    assert opens(app, text) == 200
    token = session.scalars(select(ApiToken)).one()
    assert (token.name, token.scopes) == ("nightly", ["operate"])
    assert token.expires_at is not None
    assert timedelta(days=29) < token.expires_at - datetime.now(UTC) < timedelta(days=31)
    kept = [str(vars(row)) for row in session.scalars(select(AuditEvent))]
    assert text.split("_", 2)[2] not in "".join(kept)


def test_an_operator_gives_away_no_more_than_they_have(operator: Visitor, session: Session) -> None:
    assert 'value="admin"' not in operator.get("/tokens/new").text

    assert operator.post("/tokens", **(NEW | {"scopes": "admin"})).status_code == 422
    made(operator, owner="nobody")
    owner = session.scalar(select(Person.name).join(ApiToken, ApiToken.person_id == Person.id))
    assert owner == "operator"


def test_an_operator_sees_their_own_tokens_alone(operator: Visitor, admin: Visitor, session: Session) -> None:
    page, _ = made(admin, name="of the admin")
    made(operator)

    assert "of the admin" not in plain(operator.get("/tokens"))
    assert "of the admin" not in operator.get("/tokens.json").text
    for path in (page, f"{page}/revocations/new"):
        assert operator.get(path).status_code == 404
    assert operator.post(f"{page}/revocations", reason="mine?").status_code == 404
    assert "of the admin" in plain(admin.get("/tokens")) and "nightly" in plain(admin.get("/tokens"))


def test_a_revoked_token_opens_nothing(app: Flask, operator: Visitor, session: Session) -> None:
    page, text = made(operator)

    assert operator.post(f"{page}/revocations", reason=" ").status_code == 422
    assert operator.post(f"{page}/revocations", reason="leaked").status_code == 303

    assert opens(app, text) == 401
    assert operator.get(f"{page}/revocations/new").status_code == 409
    assert operator.post(f"{page}/revocations", reason="twice").status_code == 409
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "token.revoke")).one()
    assert (event.actor, event.reason, event.before, event.after) == (
        "operator",
        "leaked",
        {"revoked": False},
        {"revoked": True},
    )
    assert "nightly" in plain(operator.get("/tokens?state=revoked"))
    assert "No token matches" in plain(operator.get("/tokens?state=usable"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " "}, "Say what it is for."),
        ({"name": "x" * 101}, "A name has 1 to 100 characters"),
        ({"scopes": ""}, "Choose one of these."),
        ({"days": "31"}, "Choose one of these."),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field(operator: Visitor, fields: dict[str, str], said: str) -> None:
    answer = operator.post("/tokens", **(NEW | fields))

    assert answer.status_code == 422
    assert said in plain(answer)


def test_a_token_of_the_installation_is_nobodys(app: Flask, admin: Visitor, session: Session) -> None:
    _, text = made(admin, owner="nobody", days="", scopes="read")

    token = session.scalars(select(ApiToken)).one()
    assert (token.person_id, token.expires_at, opens(app, text)) == (None, None, 200)
    assert "the installation" in plain(admin.get("/tokens"))


def test_a_page_without_tokens_says_what_they_are_for(operator: Visitor) -> None:
    assert "Make the first one" in plain(operator.get("/tokens"))


def test_a_hostile_name_is_shown_as_it_is(admin: Visitor, session: Session) -> None:
    token = make_token(session, name="<script>alert(1)</script>")
    session.commit()

    for path in ("/tokens", f"/tokens/{token.id}", f"/tokens/{token.id}/revocations/new"):
        assert "<script>alert" not in admin.get(path).text
