"""Tokens: shown once, kept as a hash, good until they are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import SYSTEM, create_person, create_token, revoke_token, scope_allows, set_role, token_of
from core.errors import Invalid, Refused
from core.models import ApiToken, AuditEvent


def test_a_token_opens_and_notes_its_use(session: Session) -> None:
    token, plain = create_token(session, "nightly", ["read"], SYSTEM)

    assert token_of(session, plain) is token
    assert token.last_used is not None


def test_the_text_of_a_token_is_kept_nowhere(session: Session) -> None:
    token, plain = create_token(session, "nightly", ["read"], SYSTEM)
    secret = plain.split("_", 2)[2]

    kept = [str(value) for row in (token, session.scalars(select(AuditEvent)).one()) for value in vars(row).values()]

    assert len(secret) >= 43
    assert not any(secret in value for value in kept)


@pytest.mark.parametrize("change", ["", "x", "vigia__", "Bearer x", "vigia_00000000_secret", "ñ_ñ_ñ", "a\0_b_c"])
def test_what_is_no_token_opens_nothing(session: Session, change: str) -> None:
    assert token_of(session, change) is None


def test_another_secret_with_the_same_prefix_opens_nothing(session: Session) -> None:
    _, plain = create_token(session, "nightly", ["read"], SYSTEM)

    assert token_of(session, plain[:-1] + ("a" if plain[-1] != "a" else "b")) is None


def test_an_expired_and_a_revoked_token_open_nothing(session: Session) -> None:
    now = datetime.now(UTC)
    _, old = create_token(session, "old", ["read"], SYSTEM, expires=now - timedelta(seconds=1))
    _, young = create_token(session, "young", ["read"], SYSTEM, expires=now + timedelta(hours=1))
    gone, revoked = create_token(session, "gone", ["read"], SYSTEM)
    gone.revoked_at = now

    assert token_of(session, old) is None
    assert token_of(session, revoked) is None
    assert token_of(session, young) is not None


@pytest.mark.parametrize("scopes", [[], ["root"], ["read", "write"]])
def test_scopes_are_three(session: Session, scopes: list[str]) -> None:
    with pytest.raises(Invalid):
        create_token(session, "nightly", scopes, SYSTEM)


def test_a_scope_may_do_what_those_before_it_may(session: Session) -> None:
    token, _ = create_token(session, "nightly", ["operate"], SYSTEM)

    assert scope_allows(session, token, "read")
    assert scope_allows(session, token, "operate")
    assert not scope_allows(session, token, "admin")


def test_a_token_of_a_person_may_no_more_than_the_person(session: Session) -> None:
    person = create_person(session, "Marta", "long enough", "operator", SYSTEM)
    token, _ = create_token(session, "hers", ["admin"], SYSTEM, person=person)
    assert scope_allows(session, token, "operate")
    assert not scope_allows(session, token, "admin")

    set_role(session, "Marta", "viewer", SYSTEM)
    assert not scope_allows(session, token, "operate")
    person.active = False
    assert not scope_allows(session, token, "read")


def test_tokens_differ(session: Session) -> None:
    texts = {create_token(session, "same", ["read"], SYSTEM)[1] for _ in range(20)}

    assert len(texts) == 20
    assert len({token.prefix for token in session.scalars(select(ApiToken))}) == 20


def test_a_revoked_token_opens_nothing_and_is_revoked_once(session: Session) -> None:
    token, plain = create_token(session, "nightly", ["read"], SYSTEM)

    revoke_token(session, token, SYSTEM, "leaked")

    assert token_of(session, plain) is None
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "token.revoke")).one()
    assert (event.target, event.reason, event.before) == (f"token:{token.prefix}", "leaked", {"revoked": False})
    assert event.after == {"revoked": True}
    with pytest.raises(Refused, match="revoked already"):
        revoke_token(session, token, SYSTEM)


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\nb"])
def test_a_token_has_a_name_that_can_be_seen(session: Session, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        create_token(session, name, ["read"], SYSTEM)

    assert "name" in refused.value.errors


def test_a_new_token_is_kept_with_whose_it_is_and_its_end(session: Session) -> None:
    person = create_person(session, "Marta", "long enough", "operator", SYSTEM)
    end = datetime(2027, 1, 1, tzinfo=UTC)

    create_token(session, "hers", ["read"], SYSTEM, person=person, expires=end)

    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "token.create")).one()
    assert event.after == {
        "name": "hers",
        "scopes": ["read"],
        "person": "Marta",
        "expires": "2027-01-01T00:00:00+00:00",
    }
