"""Passwords: right ones open, wrong ones take as long, old hashes are renewed."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError
from sqlalchemy.orm import Session

from core.access import SYSTEM, create_person, hash_password, verify_password
from core.access import passwords as module
from core.errors import Invalid


@pytest.fixture
def session(session: Session) -> Session:
    create_person(session, "Begoña", "contraseña larga", "viewer", SYSTEM)
    session.commit()
    return session


def test_the_right_password_is_somebodys(session: Session) -> None:
    person = verify_password(session, " Begoña ", "contraseña larga")

    assert person is not None
    assert person.name == "Begoña"


def test_letters_count_however_they_are_composed(session: Session) -> None:
    assert verify_password(session, "Begon\u0303a", "contrasen\u0303a larga") is not None


@pytest.mark.parametrize(
    ("name", "password"),
    [("Begoña", "wrong"), ("nobody", "contraseña larga"), ("Begoña", ""), ("Bego\0ña", "x"), ("Begoña", "x" * 5000)],
)
def test_anything_else_is_nobodys(session: Session, name: str, password: str) -> None:
    assert verify_password(session, name, password) is None


def test_an_unknown_name_is_checked_against_a_hash_too(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    monkeypatch.setattr(module, "_matches", lambda stored, password: checked.append(stored))

    verify_password(session, "nobody", "x")

    assert checked == [module.DUMMY]


@pytest.mark.parametrize("hasher", [PasswordHasher(), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)])
def test_the_hash_of_nobody_is_checked_in_full_by_the_same_parameters(hasher: PasswordHasher) -> None:
    dummy = module.nobodys(hasher)

    assert extract_parameters(dummy) == extract_parameters(hasher.hash("a real one"))
    with pytest.raises(VerifyMismatchError):  # not that it is no hash: that would be found out at once
        hasher.verify(dummy, "a real one")


def test_who_is_not_active_does_not_get_in(session: Session) -> None:
    person = verify_password(session, "Begoña", "contraseña larga")
    assert person is not None
    person.active = False
    session.commit()

    assert verify_password(session, "Begoña", "contraseña larga") is None


def test_a_hash_of_older_parameters_is_renewed(session: Session) -> None:
    person = verify_password(session, "Begoña", "contraseña larga")
    assert person is not None
    old = person.password_hash = PasswordHasher(time_cost=1, memory_cost=64).hash("contraseña larga")
    session.commit()

    assert verify_password(session, "Begoña", "contraseña larga") is not None
    assert person.password_hash != old


@pytest.mark.parametrize("password", ["", "short", "x" * 1025])
def test_a_password_has_8_to_1024_characters(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        hash_password(password)

    assert "password" in refused.value.errors
