"""A list of whole rows, newest first: in pages, or all of it for a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.queries.page import BATCH, Page, bounded, count, moment, number, page_of, read_cursor

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Newest(Generic[T]):
    """What matches, ordered by a time and a number of each row: `matching` says no order of its own."""

    matching: Select[T]
    at: InstrumentedAttribute[datetime]
    id: InstrumentedAttribute[int]

    def page(self, session: Session, cursor: str | None, limit: int) -> Page[T]:
        """List those behind the cursor; raise Invalid for a cursor of another list."""
        limit = bounded(limit)
        behind = read_cursor(cursor, moment, number) if cursor else None
        found = session.scalars(self._rows(behind).limit(limit + 1)).all()
        return page_of(found, limit, cursor, lambda: count(session, self.matching), self._place)

    def each(self, session: Session) -> Iterator[T]:
        """Give all of them, a thousand at a time; a slow reader holds no connection meanwhile."""
        behind = None
        while found := session.scalars(self._rows(behind).limit(BATCH)).all():
            session.expunge_all()
            session.commit()
            yield from found
            behind = self._place(found[-1])

    def _rows(self, behind: tuple[datetime, int] | tuple[object, ...] | None) -> Select[T]:
        rows = self.matching.order_by(self.at.desc(), self.id.desc())
        return rows.where(tuple_(self.at, self.id) < tuple_(*behind)) if behind else rows

    def _place(self, row: T) -> tuple[object, ...]:
        return getattr(row, self.at.key), getattr(row, self.id.key)
