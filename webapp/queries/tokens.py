"""API tokens, newest first: what they may do, until when, and whose they are. Never their text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.models import ApiToken, Person
from webapp.queries.page import BATCH, BIGINT, LIMIT, Page, bounded, count, number, page_of, read_cursor
from webapp.queries.text import clean

State = Literal["usable", "closed", "expired", "revoked"]
STATES: tuple[State, ...] = ("usable", "closed", "expired", "revoked")


@dataclass(frozen=True, slots=True)
class TokenFilter:
    """Which tokens: every given field must match. `owner` is the id of a person; None is everybody and nobody."""

    owner: int | None = None
    state: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token with whose it is; `owner` None is a token of the installation itself."""

    token: ApiToken
    owner: str | None
    owner_active: bool | None

    @property
    def state(self) -> State:
        """Say whether it opens anything: `closed` is that of a person who was deactivated."""
        if self.token.revoked_at is not None:
            return "revoked"
        if self.token.expires_at is not None and self.token.expires_at <= datetime.now(UTC):
            return "expired"
        return "closed" if self.owner_active is False else "usable"


def find_page(
    session: Session, where: TokenFilter = TokenFilter(), cursor: str | None = None, limit: int = LIMIT
) -> Page[TokenRow]:
    limit = bounded(limit)
    rows = _matching(where).limit(limit + 1)
    if cursor:
        rows = rows.where(ApiToken.id < read_cursor(cursor, number)[0])
    found = [TokenRow(*row) for row in session.execute(rows)]
    return page_of(found, limit, cursor, lambda: count(session, _matching(where)), lambda row: (row.token.id,))


def each(session: Session, where: TokenFilter) -> Iterator[TokenRow]:
    """Give all of them, a thousand at a time; a slow reader holds no connection meanwhile."""
    below = BIGINT
    while found := session.execute(_matching(where).where(ApiToken.id < below).limit(BATCH)).all():
        session.commit()
        yield from (TokenRow(*row) for row in found)
        below = found[-1][0].id


def show(session: Session, token_id: int, owner: int | None = None) -> TokenRow:
    """Give one token; with an `owner`, only one of theirs."""
    found = None
    if token_id <= BIGINT:
        found = session.execute(_matching(TokenFilter(owner)).where(ApiToken.id == token_id)).one_or_none()
    if found is None:
        raise NotFound(f"There is no token with the number {token_id}.")
    return TokenRow(*found)


def _matching(where: TokenFilter) -> Select[*tuple[Any, ...]]:
    conditions: list[ColumnElement[bool]] = []
    if where.owner is not None:
        conditions.append(ApiToken.person_id == where.owner)
    if where.state is not None:
        conditions.append(_is(where.state))
    if words := clean(where.text):
        pieces = (column.icontains(words, autoescape=True) for column in (ApiToken.name, ApiToken.prefix, Person.name))
        conditions.append(or_(*pieces))
    rows = select(ApiToken, Person.name, Person.active).outerjoin(Person, Person.id == ApiToken.person_id)
    return rows.where(*conditions).order_by(ApiToken.id.desc())


def _is(state: str) -> ColumnElement[bool]:
    revoked, closed = ApiToken.revoked_at.is_not(None), Person.active.is_(False)
    expired = and_(ApiToken.expires_at.is_not(None), ApiToken.expires_at <= func.now())
    match state:
        case "revoked":
            return revoked
        case "expired":
            return and_(~revoked, expired)
        case "closed":
            return and_(~revoked, ~expired, closed)
        case "usable":
            return and_(~revoked, ~expired, ~closed | Person.id.is_(None))
    return false()
