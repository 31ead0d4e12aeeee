"""`vigia user` and `vigia token` write people and tokens, and who did it."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import token_of, verify_password
from core.container import container
from core.models import AuditEvent, Person
from core.settings import Settings
from tests.core.cli.conftest import Vigia

PASSWORD = "correct horse battery staple"


@pytest.fixture
def session(on_engines: Callable[..., Settings]) -> Iterator[Session]:
    with container().sessions() as session:
        yield session


def test_a_person_is_added_and_the_audit_names_who_did_it(vigia: Vigia, session: Session) -> None:
    assert vigia("user", "add", "ana", "--role", "operator", "--password", PASSWORD).code == 0
    ana = session.scalars(select(Person)).one()
    assert (ana.name, ana.role) == ("ana", "operator")
    assert verify_password(session, "ana", PASSWORD)
    event = session.scalars(select(AuditEvent)).one()
    assert (event.actor, event.action) == (f"cli:{getpass.getuser()}", "person.create")


def test_a_password_that_is_not_given_is_asked_for_twice(
    vigia: Vigia, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter([PASSWORD, "a slip of the hand", PASSWORD, PASSWORD])
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda prompt: next(typed))
    assert vigia("user", "add", "ana", "--role", "viewer").code == 0
    assert verify_password(session, "ana", PASSWORD)


def test_a_name_is_added_once(vigia: Vigia, session: Session) -> None:
    vigia("user", "add", "ana", "--role", "viewer", "--password", PASSWORD)
    again = vigia("user", "add", "ana", "--role", "admin", "--password", PASSWORD)
    assert (again.code, again.out) == (1, "")
    assert "already somebody called ana" in again.err
    assert session.scalars(select(Person.role)).all() == ["viewer"]


def test_a_password_and_a_role_are_changed(vigia: Vigia, session: Session) -> None:
    vigia("user", "add", "ana", "--role", "viewer", "--password", "an old password 123")
    assert vigia("user", "passwd", "ana", "--password", PASSWORD).code == 0
    assert vigia("user", "role", "ana", "--role", "admin").code == 0
    ana = session.scalars(select(Person)).one()
    assert (ana.role, verify_password(session, "ana", PASSWORD)) == ("admin", ana)
    actions = session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions == ["person.create", "person.password", "person.role"]


def test_nobody_has_no_password(vigia: Vigia, session: Session) -> None:
    unknown = vigia("user", "passwd", "nobody", "--password", PASSWORD)
    assert (unknown.code, "nobody called nobody" in unknown.err) == (1, True)


def test_a_token_is_printed_alone_and_works(vigia: Vigia, session: Session) -> None:
    made = vigia("token", "create", "--scope", "read", "--days", "2")
    assert (made.code, made.err, made.out.count("\n")) == (0, "", 1)
    token = token_of(session, made.out.strip())
    assert token is not None
    assert token.scopes == ["read"]
    assert token.expires_at is not None
    assert session.scalars(select(AuditEvent.action)).all() == ["token.create"]


def test_a_token_has_all_scopes_unless_some_are_named(vigia: Vigia, session: Session) -> None:
    token = token_of(session, vigia("token", "create").out.strip())
    assert token is not None
    assert token.scopes == ["admin", "operate", "read"]
