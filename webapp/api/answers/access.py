"""People, tokens and the audit. Passwords and tokens are given once, by the call that makes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from webapp.api.answers.listing import Answer, Listing


class PersonAnswer(Answer):
    """Somebody who signs in. `role`: viewer, operator, admin; `active` is false for who may not any more."""

    id: int
    name: str
    role: str
    active: bool
    created_at: datetime
    last_login: datetime | None


class NewPasswordAnswer(PersonAnswer):
    """A person with the password that was made for them."""

    password: str | None = Field(None, description="Given this once; null when you chose it.")


class PersonList(Listing[PersonAnswer]):
    """People, newest first."""


class TokenAnswer(Answer):
    """A token without its text. `state`: usable, closed (its person is deactivated), expired, revoked."""

    id: int
    name: str
    prefix: str = Field(description="How its text begins, after vigia_.")
    scopes: list[str]
    state: str
    person: str | None = Field(description="Whose it is; null for one of the installation.")
    created_at: datetime
    expires_at: datetime | None
    last_used: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None


class NewTokenAnswer(TokenAnswer):
    """A token that was made."""

    token: str = Field(description="Given this once, and kept only as a hash.")


class TokenList(Listing[TokenAnswer]):
    """Tokens, newest first."""


class AuditAnswer(Answer):
    """One act: who did what, when, on what and why; `before` and `after` have the fields that it changed."""

    id: int
    at: datetime
    who: str = Field(validation_alias="actor", description="A person's name, token:NAME, cli:NAME or vigia.")
    action: str
    target: str
    reason: str
    before: Any
    after: Any
    address: str | None
    request_id: str | None


class AuditList(Listing[AuditAnswer]):
    """Acts, newest first."""
