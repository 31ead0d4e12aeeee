"""People are added, changed and sent out by admins, and what that ends ends at once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import SYSTEM, create_person, verify_password
from core.models import AuditEvent, Person
from tests.webapp.conftest import NO_REDIS, Visitor, enter, plain
from tests.webapp.factories import make_person, make_token

HOSTILE = '<img src=x onerror="alert(1)"> {{7*7}} =cmd()'
NEW = {"name": "Marta", "role": "operator"}


def people(session: Session) -> dict[str, Person]:
    session.expire_all()
    return {person.name: person for person in session.scalars(select(Person))}


def trail(session: Session, action: str) -> AuditEvent:
    session.rollback()
    return session.scalars(select(AuditEvent).where(AuditEvent.action == action)).one()


def test_somebody_new_signs_in_with_the_password_that_was_shown_once(
    app: Flask, admin: Visitor, session: Session
) -> None:
    answer = admin.post("/people", **NEW)
    assert (answer.status_code, people(session)["Marta"].role) == (303, "operator")

    first, second = admin.get(answer.location), admin.get(answer.location)

    shown = re.search(r'id="made">([^<]+)<', first.text)
    assert shown is not None and 'id="made"' not in second.text
    assert verify_password(session, "Marta", shown[1]) is not None
    event = trail(session, "person.create")
    assert (event.actor, event.target, event.after) == ("admin", "person:Marta", {"role": "operator"})
    assert shown[1] not in str(vars(event))


def test_a_password_is_typed_twice(admin: Visitor, session: Session) -> None:
    slip = admin.post("/people", **NEW, password="long enough", again="long enuogh")
    short = admin.post("/people", **NEW, password="short", again="short")

    assert (slip.status_code, short.status_code) == (422, 422)
    assert "This is not what stands above." in slip.text
    assert "A password has 8 to 1,024 characters." in short.text
    assert "long enough" not in slip.text
    assert admin.post("/people", **NEW, password="long enough", again="long enough").status_code == 303
    assert verify_password(session, "Marta", "long enough") is not None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "", "role": "viewer"}, "A name has 1 to 100 characters that can be seen."),
        ({"name": "admin", "role": "viewer"}, "This name is taken."),
        ({"name": "token:x", "role": "viewer"}, "The audit would take it for a token"),
        ({"name": "Marta"}, "A role is one of viewer, operator, admin."),
        ({"name": "nul\0", "role": "viewer"}, "A name has 1 to 100 characters"),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field(admin: Visitor, fields: dict[str, str], said: str) -> None:
    answer = admin.post("/people", **fields)

    assert answer.status_code == 422
    assert said in plain(answer)
    assert 'aria-invalid="true"' in answer.text


@pytest.mark.parametrize("act", ["roles", "passwords", "deactivations"])
def test_what_is_taken_from_a_person_ends_their_sessions_at_once(
    app: Flask, admin: Visitor, session: Session, act: str
) -> None:
    person = make_person(session)
    session.commit()
    browser, poll = enter(app, person), "/overview/live"
    assert (browser.get("/").status_code, browser.get(poll).status_code) == (200, 200)

    fields = {"roles": {"role": "admin"}, "passwords": {}, "deactivations": {"reason": "left"}}[act]
    assert admin.post(f"/people/{person.id}/{act}", **fields).status_code == 303

    assert browser.get("/").status_code == 302
    assert browser.get(poll, headers={"HX-Request": "true"}).status_code == 401


def test_a_role_is_kept_with_the_one_before_and_the_reason(admin: Visitor, session: Session) -> None:
    person = make_person(session)
    session.commit()

    admin.post(f"/people/{person.id}/roles", role="operator", reason="night shift")

    event = trail(session, "person.role")
    assert (event.before, event.after, event.reason) == ({"role": "viewer"}, {"role": "operator"}, "night shift")
    assert admin.post(f"/people/{person.id}/roles", role="root").status_code == 422


def test_who_is_sent_out_cannot_sign_in_until_let_in_again(app: Flask, admin: Visitor, session: Session) -> None:
    person = create_person(session, "Marta", "long enough", "viewer", SYSTEM)
    make_token(session, person_id=person.id)
    session.commit()
    login = {"username": "Marta", "password": "long enough", "csrf_token": admin.token}

    assert "1 API token of theirs" in plain(admin.get(f"/people/{person.id}/deactivations/new"))
    assert admin.post(f"/people/{person.id}/deactivations", reason=" ").status_code == 422
    assert admin.post(f"/people/{person.id}/deactivations", reason="left").status_code == 303
    assert "Deactivated" in plain(admin.get("/people?active=no"))
    assert admin.get(f"/people/{person.id}/deactivations/new").status_code == 409

    app.config["WTF_CSRF_ENABLED"] = False
    assert app.test_client().post("/login", data=login).status_code == 422
    assert admin.post(f"/people/{person.id}/reactivations").status_code == 303
    assert app.test_client().post("/login", data=login).status_code == 303


def test_no_admin_locks_themself_out(admin: Visitor, session: Session) -> None:
    own = people(session)["admin"]
    page = plain(admin.get(f"/people/{own.id}"))
    assert "Nobody locks themself out: ask another admin." in page

    for last in (True, False):
        for act, fields in (("roles", {"role": "viewer"}), ("deactivations", {"reason": "why"})):
            answer = admin.post(f"/people/{own.id}/{act}", **fields)
            assert answer.status_code == 409, (last, act)
            assert "Ask another admin" in plain(answer)
        make_person(session, role="admin")
        session.commit()
    assert (people(session)["admin"].role, people(session)["admin"].active) == ("admin", True)


def test_a_new_password_of_ones_own_ends_all_other_sessions(app: Flask, session: Session) -> None:
    person = create_person(session, "Marta", "long enough", "viewer", SYSTEM)
    session.commit()
    here, there = enter(app, person), enter(app, person)
    new = {"password": "a new sentence", "again": "a new sentence"}

    assert here.post("/password", current="wrong one", **new).status_code == 422
    assert here.post("/password", current="long enough").status_code == 422
    assert here.post("/password", current="long enough", **(new | {"again": "x"})).status_code == 422
    assert there.get("/").status_code == 200
    assert here.post("/password", current="long enough", **new).status_code == 303

    session.expire_all()
    assert (here.get("/").status_code, there.get("/").status_code) == (200, 302)
    assert verify_password(session, "Marta", "a new sentence") is not None


def test_guessing_the_own_password_ends_soon(app: Flask, visitor: Callable[..., Visitor]) -> None:
    viewer = visitor("viewer")

    statuses = [viewer.post("/password", current=f"guess {n}", password="x" * 9).status_code for n in range(11)]

    assert statuses == [422] * 10 + [429]


@pytest.mark.parametrize("app", [NO_REDIS], indirect=True)
def test_without_redis_no_password_is_made_that_nobody_would_see(admin: Visitor, session: Session) -> None:
    assert admin.post("/people", **NEW).status_code == 503
    assert "Marta" not in people(session)
    assert admin.post("/people", **NEW, password="long enough", again="long enough").status_code == 303


def test_a_hostile_name_is_shown_as_it_is_and_is_no_formula_in_a_file(admin: Visitor, session: Session) -> None:
    hostile = [make_person(session, name=name) for name in (HOSTILE, "=cmd()")]
    session.commit()

    for path in ("/people", f"/people/{hostile[0].id}", f"/people/{hostile[0].id}/deactivations/new"):
        page = admin.get(path)
        assert "<img src=x" not in page.text and HOSTILE in plain_text(page.text), path
    listed = admin.get("/people.csv")
    assert listed.headers["Content-Disposition"] == 'attachment; filename="people.csv"'
    assert ",'=cmd()," in listed.text
    assert [row["name"] for row in admin.get("/people.json?q=cmd").json] == ["=cmd()", HOSTILE]  # type: ignore[union-attr]


def test_the_list_is_filtered_by_its_address(admin: Visitor, session: Session) -> None:
    for n in range(30):
        make_person(session, name=f"Person {n:02}", role="operator" if n % 2 else "viewer")
    session.commit()

    page = admin.get("/people?q=person&role=viewer")
    assert "15 of 15" in plain(page) and "Person 01" not in plain(page)
    first = admin.get("/people?q=person")
    following = re.search(r'href="([^"]+)" rel="next"', first.text)
    assert following is not None
    assert "Person 00" in plain(admin.get(following[1].replace("&amp;", "&")))
    assert "Nobody matches" in plain(admin.get("/people?q=nobody"))
    assert admin.get("/people/999").status_code == 404
    assert admin.get(f"/people/{2**70}").status_code == 404


def plain_text(page: str) -> str:
    for escaped, letter in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&amp;", "&")):
        page = page.replace(escaped, letter)
    return page
