"""Signing in and out, and how long a session is believed."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from core.access import SYSTEM, create_person, set_password
from core.models import AuditEvent, Person
from tests.webapp.conftest import NO_REDIS, Visitor, enter, plain
from webapp import sessions

PASSWORD = "correct horse battery"


@pytest.fixture
def marta(session: Session) -> Person:
    person = create_person(session, "Marta Ibáñez", PASSWORD, "operator", SYSTEM)
    session.commit()
    return person


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def log_in(client: FlaskClient, name: str, password: str, **more: str) -> TestResponse:
    page = client.get("/login").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post("/login", data={"csrf_token": token, "username": name, "password": password} | more)


def test_the_right_password_opens_the_overview_and_leaves_an_audit_row(
    client: FlaskClient, marta: Person, session: Session
) -> None:
    answer = log_in(client, "Marta Ibáñez", PASSWORD)

    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/").status_code == 200
    assert session.scalars(select(AuditEvent.action).where(AuditEvent.actor == "Marta Ibáñez")).all() == [
        "session.login"
    ]


def test_a_login_keeps_nothing_of_the_session_before_it(client: FlaskClient, marta: Person) -> None:
    client.get("/login")
    with client.session_transaction() as planted:
        planted["sid"] = "planted"
        before = planted["csrf_token"]

    log_in(client, "Marta Ibáñez", PASSWORD)

    with client.session_transaction() as now:
        assert now["sid"] != "planted"
        assert now.get("csrf_token") != before


@pytest.mark.parametrize("name", ["Marta Ibáñez", "nobody", "nul\0", ""])
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(client: FlaskClient, marta: Person, name: str) -> None:
    answer = log_in(client, name, "wrong")

    assert answer.status_code == 422
    assert "Name or password is wrong." in plain(answer)
    assert client.get("/").status_code == 302


def test_nobody_guesses_for_long(client: FlaskClient, marta: Person) -> None:
    tries = [log_in(client, "Marta Ibáñez", "wrong").status_code for _ in range(11)]

    assert tries == [422] * 10 + [429]
    assert log_in(client, "Marta Ibáñez", PASSWORD).status_code == 429


def test_right_passwords_use_up_no_tries(client: FlaskClient, marta: Person) -> None:
    for _ in range(12):
        answer = log_in(client, "Marta Ibáñez", PASSWORD)
        assert answer.status_code == 303
        client.delete_cookie("vigia")


@pytest.mark.parametrize("app", [NO_REDIS], indirect=True)
def test_people_sign_in_while_redis_is_down(client: FlaskClient, marta: Person) -> None:
    assert log_in(client, "Marta Ibáñez", PASSWORD).status_code == 303
    assert client.get("/jobs").status_code == 200


@pytest.mark.parametrize(
    "outside", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_login_leads_to_no_other_site(client: FlaskClient, marta: Person, outside: str) -> None:
    assert log_in(client, "Marta Ibáñez", PASSWORD, next=outside).location == "/"


def test_a_login_leads_back_to_the_page_that_was_asked_for(client: FlaskClient, marta: Person) -> None:
    asked = client.get("/jobs?status=failed")

    assert asked.status_code == 302
    assert asked.location == "/login?next=/jobs?status%3Dfailed"
    assert log_in(client, "Marta Ibáñez", PASSWORD, next="/jobs?status=failed").location == "/jobs?status=failed"


def test_a_sign_out_ends_a_copied_cookie_too(app: Flask, operator: Visitor) -> None:
    copied = operator.client.get_cookie("vigia")
    assert copied is not None
    thief = app.test_client()
    thief.set_cookie("vigia", copied.value)
    assert thief.get("/jobs").status_code == 200

    assert operator.post("/logout").location == "/login"

    assert thief.get("/jobs").status_code == 302


def test_an_idle_session_ends(app: Flask, session: Session) -> None:
    person = Person(name="idle", role="viewer", password_hash="-")
    session.add(person)
    session.commit()

    almost = enter(app, person, seen=int(time.time()) - sessions.IDLE_SECONDS + 60)
    over = enter(app, person, seen=int(time.time()) - sessions.IDLE_SECONDS - 60)

    assert almost.get("/jobs").status_code == 200
    assert over.get("/jobs").status_code == 302


def test_a_session_ends_after_twelve_hours_of_work(app: Flask, session: Session) -> None:
    person = Person(name="busy", role="viewer", password_hash="-")
    session.add(person)
    session.commit()
    visitor = enter(app, person, born=int(time.time()) - sessions.ABSOLUTE_SECONDS - 1)

    assert visitor.get("/jobs").status_code == 302


def test_clicks_keep_a_session_alive_and_polls_do_not(app: Flask, session: Session) -> None:
    person = Person(name="away", role="viewer", password_hash="-")
    session.add(person)
    session.commit()
    seen = int(time.time()) - 600
    visitor = enter(app, person, seen=seen)

    visitor.get("/jobs/live")
    with visitor.client.session_transaction() as cookie:
        assert cookie["seen"] == seen
    visitor.get("/jobs")
    with visitor.client.session_transaction() as cookie:
        assert cookie["seen"] > seen


def test_a_poll_of_an_expired_session_is_told_so_and_leaves_the_page_alone(client: FlaskClient) -> None:
    answer = client.get("/overview/live", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.text, answer.location) == (401, "", None)


def test_every_page_has_the_way_back_in_ready(viewer: Visitor) -> None:
    page = viewer.get("/jobs?status=failed").text

    assert 'href="/login?next=/jobs?status%3Dfailed"' in page.split('id="over"')[1].split("</div>")[0]


def test_a_new_password_ends_the_sessions_there_are(app: Flask, marta: Person, session: Session) -> None:
    visitor = enter(app, marta)
    assert visitor.get("/jobs").status_code == 200

    set_password(session, "Marta Ibáñez", "another long one", SYSTEM)
    session.commit()

    assert visitor.get("/jobs").status_code == 302


def test_who_is_no_longer_active_is_out_at_once(visitor: Callable[..., Visitor], session: Session) -> None:
    gone = visitor("admin")
    session.query(Person).filter_by(name=gone.name).update({"active": False})
    session.commit()

    assert gone.get("/jobs").status_code == 302


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(client: FlaskClient, marta: Person) -> None:
    cookie = log_in(client, "Marta Ibáñez", PASSWORD).headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
