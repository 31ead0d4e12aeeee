"""People and their roles, and the trail of who changed them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, allows, create_person, set_password, set_role, verify_password
from core.db import engine_for
from core.errors import Invalid, NotFound
from core.models import AuditEvent

ROOT = Actor("root", "127.0.0.1", "r1")


@pytest.fixture
def session(database: str) -> Iterator[Session]:
    engine = engine_for(database)
    with Session(engine) as session:
        yield session
    engine.dispose()


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
