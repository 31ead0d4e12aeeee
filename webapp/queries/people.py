"""The people who may sign in, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.models import ApiToken, Person
from webapp.queries.page import BATCH, BIGINT, LIMIT, MOST, Page, bounded, count, number, page_of, read_cursor
from webapp.queries.text import clean


@dataclass(frozen=True, slots=True)
class PersonFilter:
    """Which people: every given field must match; `text` is a piece of the name, in any case."""

    text: str = ""
    role: str | None = None
    active: bool | None = None


def find_page(
    session: Session, where: PersonFilter = PersonFilter(), cursor: str | None = None, limit: int = LIMIT
) -> Page[Person]:
    limit = bounded(limit)
    rows = _matching(where).limit(limit + 1)
    if cursor:
        rows = rows.where(Person.id < read_cursor(cursor, number)[0])
    found = session.scalars(rows).all()
    return page_of(found, limit, cursor, lambda: count(session, _matching(where)), lambda person: (person.id,))


def each(session: Session, where: PersonFilter) -> Iterator[Person]:
    """Give all of them, a thousand at a time; a slow reader holds no connection meanwhile."""
    below = BIGINT
    while found := session.scalars(_matching(where).where(Person.id < below).limit(BATCH)).all():
        session.commit()
        yield from found
        below = found[-1].id


def show(session: Session, person_id: int) -> Person:
    person = session.get(Person, person_id) if person_id <= BIGINT else None
    if person is None:
        raise NotFound(f"There is nobody with the number {person_id}.")
    return person


def names(session: Session) -> list[str]:
    """List names to choose from."""
    return list(session.scalars(select(Person.name).order_by(Person.name).limit(MOST)))


def tokens_in_use(session: Session, person: Person) -> int:
    """Count the tokens of somebody that are good now, as long as they are active."""
    usable = ApiToken.revoked_at.is_(None) & (ApiToken.expires_at.is_(None) | (ApiToken.expires_at > func.now()))
    tokens = select(func.count()).select_from(ApiToken).where(ApiToken.person_id == person.id, usable)
    return session.scalar(tokens) or 0


def _matching(where: PersonFilter) -> Select[Person]:
    conditions: list[ColumnElement[bool]] = []
    if words := clean(where.text):
        conditions.append(Person.name.icontains(words, autoescape=True))
    if where.role is not None:
        conditions.append(Person.role == clean(where.role))
    if where.active is not None:
        conditions.append(Person.active == where.active)
    return select(Person).where(*conditions).order_by(Person.id.desc())
