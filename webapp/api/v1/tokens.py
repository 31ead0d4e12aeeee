"""Tokens for scripts: which there are, one more, one less."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from flask import Blueprint, Response, g
from pydantic import AwareDatetime, Field, StringConstraints, field_validator

from core.access import SCOPES, create_token, revoke_token
from core.models import Person
from webapp.api.answers.access import NewTokenAnswer, TokenAnswer, TokenList
from webapp.api.operation import operation, reply
from webapp.api.reading import Cursor, Reason, Request, Words
from webapp.extensions import db
from webapp.queries import tokens
from webapp.queries.tokens import STATES, TokenFilter, TokenRow
from webapp.security import actor

blueprint = Blueprint("tokens", __name__)

NAMES = tuple(SCOPES)


class TokenQuery(Cursor):
    """Which tokens."""

    q: Words = Field("", description="A piece of the name, of the prefix or of the owner's name.")
    state: Literal[STATES] | None = None  # type: ignore[valid-type]


class NewToken(Request):
    """A token to be made, for the person that your token is of, or for the installation when it is nobody's."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    scopes: tuple[Literal[NAMES], ...] = Field(min_length=1, max_length=3)  # type: ignore[valid-type]
    expires_at: AwareDatetime | None = Field(None, description="Left out, it is good until it is revoked.")

    @field_validator("expires_at")
    @classmethod
    def _to_come(cls, end: datetime | None) -> datetime | None:
        if end is not None and end <= datetime.now(UTC):
            raise ValueError("must be a time to come")
        return end


class Revocation(Request):
    """Why it is revoked; the audit keeps it."""

    reason: Reason = ""


@blueprint.get("/tokens")
@operation("admin", {200: (TokenList,)})
def index(query: TokenQuery) -> Response:
    """List the tokens of everybody, newest first."""
    page = tokens.find_page(db.session(), TokenFilter(None, query.state, query.q), query.cursor, query.limit)
    return reply(TokenList.of(page, token_answer))


@blueprint.post("/tokens")
@operation("admin", {201: (NewTokenAnswer,)})
def create(body: NewToken) -> Response:
    """Make a token."""
    session = db.session()
    owner = session.get(Person, g.token.person_id) if g.token.person_id else None
    token, text = create_token(session, body.name, body.scopes, actor(), person=owner, expires=body.expires_at)
    session.commit()
    answer = token_answer(tokens.show(session, token.id))
    return reply(NewTokenAnswer(**answer.model_dump(), token=text), 201)


@blueprint.post("/tokens/<int:token_id>/revocations")
@operation("admin", {200: (TokenAnswer,)}, problems=(409,))
def create_revocation(token_id: int, body: Revocation) -> Response:
    """End a token for good; 409 when it was revoked already."""
    row = tokens.show(db.session(), token_id)
    revoke_token(db.session(), row.token, actor(), body.reason)
    db.session.commit()
    return reply(token_answer(row))


def token_answer(row: TokenRow) -> TokenAnswer:
    """Write a token with whose it is and whether it opens anything."""
    own = {name: getattr(row.token, name, None) for name in TokenAnswer.model_fields}
    return TokenAnswer.model_validate(own | {"person": row.owner, "state": row.state})
