"""People and their roles, and the trail of who changed them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import (
    Actor,
    allows,
    create_person,
    deactivate,
    make_password,
    reactivate,
    set_password,
    set_role,
    verify_password,
)
from core.db import engine_for
from core.errors import Invalid, NotFound, Refused
from core.models import AuditEvent

ROOT = Actor("root", "127.0.0.1", "r1")


@pytest.mark.parametrize(
    ("role", "needed", "may"),
    [
        ("viewer", "viewer", True),
        ("viewer", "operator", False),
        ("operator", "viewer", True),
        ("operator", "admin", False),
        ("admin", "operator", True),
        ("", "viewer", False),
        ("root", "viewer", False),
    ],
)
def test_a_role_may_do_what_those_before_it_may(role: str, needed: str, may: bool) -> None:
    assert allows(role, needed) is may


def test_somebody_new_leaves_a_trail_without_the_password(session: Session) -> None:
    create_person(session, " Marta Ibáñez ", "long enough", "operator", ROOT)

    event = session.scalars(select(AuditEvent)).one()
    assert (event.actor, event.action, event.target) == ("root", "person.create", "person:Marta Ibáñez")
    assert event.after == {"role": "operator"}
    assert (event.address, event.request_id) == ("127.0.0.1", "r1")


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "nul\0", "line\nbreak", "right\u202eleft"])
def test_a_name_can_be_seen(session: Session, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        create_person(session, name, "long enough", "viewer", ROOT)

    assert "name" in refused.value.errors


def test_a_name_is_taken_once(session: Session) -> None:
    create_person(session, "Marta", "long enough", "viewer", ROOT)

    with pytest.raises(Invalid, match="already somebody"):
        create_person(session, " Marta", "long enough", "viewer", ROOT)


def test_there_are_three_roles(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        create_person(session, "Marta", "long enough", "root", ROOT)

    assert "viewer, operator, admin" in refused.value.errors["role"]


def test_a_new_password_ends_the_old_one_and_its_sessions(session: Session) -> None:
    person = create_person(session, "Marta", "long enough", "viewer", ROOT)
    epoch = person.session_epoch or 0

    set_password(session, "Marta", "another one", ROOT)

    assert person.session_epoch == epoch + 1
    assert verify_password(session, "Marta", "long enough") is None
    assert verify_password(session, "Marta", "another one") is person


def test_a_new_role_is_kept_with_the_old_one(session: Session) -> None:
    create_person(session, "Marta", "long enough", "viewer", ROOT)

    set_role(session, "Marta", "admin", ROOT)

    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "person.role")).one()
    assert (event.before, event.after) == ({"role": "viewer"}, {"role": "admin"})


def test_nobody_of_that_name_is_named(session: Session) -> None:
    with pytest.raises(NotFound, match="nobody called Juan"):
        set_role(session, "Juan", "admin", ROOT)


def test_the_last_admin_keeps_role_and_way_in(session: Session) -> None:
    create_person(session, "Marta", "long enough", "admin", ROOT)
    create_person(session, "Juan", "long enough", "admin", ROOT)
    deactivate(session, "Juan", ROOT)

    with pytest.raises(Refused, match="Marta is the last admin"):
        set_role(session, "Marta", "viewer", ROOT)
    with pytest.raises(Refused, match="last admin"):
        deactivate(session, "Marta", ROOT)

    reactivate(session, "Juan", ROOT)
    assert set_role(session, "Marta", "viewer", ROOT).role == "viewer"


def test_nobody_locks_themself_out(session: Session) -> None:
    marta = create_person(session, "Marta", "long enough", "admin", ROOT)
    create_person(session, "Juan", "long enough", "admin", ROOT)
    herself = Actor("Marta", person_id=marta.id)

    for act in (lambda: deactivate(session, "Marta", herself), lambda: set_role(session, "Marta", "viewer", herself)):
        with pytest.raises(Refused, match="Ask another admin"):
            act()

    assert (marta.active, marta.role) == (True, "admin")


def test_two_admins_cannot_remove_each_other(session: Session, database: str) -> None:
    for name in ("Marta", "Juan"):
        create_person(session, name, "long enough", "admin", ROOT)
    session.commit()
    engine = engine_for(database)

    def remove(name: str) -> bool:
        with Session(engine) as other, other.begin():
            try:
                deactivate(other, name, ROOT)
            except Refused:
                return False
        return True

    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(remove, ("Marta", "Juan")))
    engine.dispose()

    assert sorted(done) == [False, True]


def test_what_is_taken_from_a_person_ends_their_sessions(session: Session) -> None:
    person = create_person(session, "Marta", "long enough", "operator", ROOT)
    epochs = [person.session_epoch]

    for act in (
        lambda: set_role(session, "Marta", "viewer", ROOT),
        lambda: set_role(session, "Marta", "viewer", ROOT),  # nothing changes
        lambda: deactivate(session, "Marta", ROOT),
        lambda: reactivate(session, "Marta", ROOT),
        lambda: set_password(session, "Marta", "another one", ROOT),
    ):
        act()
        epochs.append(person.session_epoch)

    assert epochs == [0, 1, 1, 2, 2, 3]


def test_each_act_is_kept_with_before_and_after_and_never_a_password(session: Session) -> None:
    create_person(session, "Marta", "long enough", "viewer", ROOT)
    deactivate(session, "Marta", ROOT, "left us")
    reactivate(session, "Marta", ROOT)
    set_password(session, "Marta", "another one", ROOT)

    trail = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(event.action, event.before, event.after) for event in trail[1:3]] == [
        ("person.deactivate", {"active": True}, {"active": False}),
        ("person.reactivate", {"active": False}, {"active": True}),
    ]
    assert trail[1].reason == "left us"
    told = str([vars(event) for event in trail])
    assert "long enough" not in told and "another one" not in told and "argon2" not in told


@pytest.mark.parametrize("name", ["token:nightly", "CLI:root", "vigia", " Vigia "])
def test_nobody_has_a_name_that_the_audit_gives_to_others(session: Session, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        create_person(session, name, "long enough", "viewer", ROOT)

    assert "The audit would take it" in refused.value.errors["name"]


def test_a_made_password_can_be_read_and_is_another_each_time() -> None:
    made = {make_password() for _ in range(50)}

    assert len(made) == 50
    assert all(re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", password) for password in made)
