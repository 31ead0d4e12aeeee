"""A page of a list: keyset cursors, never an offset, and counts that say whether they are exact."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.errors import Invalid

LIMIT = 25
MOST = 200
BATCH = 1_000  # rows read at once for a file
# Up to here a count is exact; beyond, the planner's estimate costs a thousandth of counting.
EXACT_TO = 10_000
BIGINT = 2**63 - 1
INTEGER = 2**31 - 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Count:
    """How many; `exact` is false for the planner's estimate."""

    n: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list, the cursor of those that follow, how many there are in all, and which is the first."""

    items: tuple[T, ...]
    next: str | None
    total: int
    total_exact: bool
    first: int = 1

    @property
    def last(self) -> int:
        return self.first + len(self.items) - 1


def page_of(
    rows: Sequence[T],
    limit: int,
    cursor: str | None,
    total: Callable[[], Count],
    position: Callable[[T], tuple[object, ...]],
) -> Page[T]:
    """Make the page from up to `limit` + 1 rows; `position` gives a row's cursor values.

    `total` is only asked when the list does not end on its first page: counting may cost more than reading.
    """
    items, more = tuple(rows[:limit]), len(rows) > limit
    counted = total() if more or cursor else Count(len(items), True)
    before = passed(cursor)
    behind = f"{write_cursor(*position(items[-1]))}.{before + len(items)}" if more else None
    return Page(items, behind, counted.n, counted.exact, before + 1)


def bounded(limit: int) -> int:
    """Keep a page's length between 1 and the most that one answer carries."""
    return max(1, min(limit, MOST))


def write_cursor(*values: object) -> str:
    """Write the last row's position as one opaque word."""
    texts = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(texts).encode()).decode().rstrip("=")


def passed(cursor: str | None) -> int:
    """Say how many rows lie before a cursor, as it says itself: only people are told."""
    _, _, rows = (cursor or "").partition(".")
    return int(rows) if rows.isascii() and rows.isdigit() and len(rows) < 13 else 0


def read_cursor(cursor: str, *parsers: Callable[[str], Any]) -> tuple[Any, ...]:
    """Read a position back; raise Invalid when this list never wrote it."""
    place = cursor.partition(".")[0]
    try:
        texts = json.loads(base64.b64decode(place + "=" * (-len(place) % 4), altchars=b"-_", validate=True))
        if not isinstance(texts, list) or len(texts) != len(parsers):
            raise ValueError("of another list")
        return tuple(parse(str(text)) for parse, text in zip(parsers, texts, strict=True))
    except (ValueError, binascii.Error, RecursionError):
        cure = "is not a cursor of this list; start again without it"
        raise Invalid(f"The cursor {cure}.", {"cursor": cure}) from None


def moment(text: str) -> datetime:
    """Parse an aware time."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError("no zone")
    return value


def number(text: str) -> int:
    """Parse a whole number that PostgreSQL's bigint holds."""
    if len(text) > 19 or not 0 <= int(text) <= BIGINT:
        raise ValueError("out of range")
    return int(text)


def small(text: str) -> int:
    """Parse a whole number that stays a PostgreSQL integer with a page added to it."""
    value = number(text)
    if value > INTEGER - MOST - 1:
        raise ValueError("out of range")
    return value


def count(session: Session, matching: Select[Any]) -> Count:
    """Count the rows of `matching`: exactly up to 10,000, by the planner's estimate beyond."""
    bare = matching.order_by(None)
    n = session.scalar(select(func.count()).select_from(bare.limit(EXACT_TO + 1).subquery())) or 0
    return Count(n, True) if n <= EXACT_TO else Count(max(n, estimate(session, bare)), False)


def estimate(session: Session, matching: Select[Any]) -> int:
    """Ask the planner how many rows it expects."""
    compiled = matching.compile(session.connection().engine, compile_kwargs={"render_postcompile": True})
    answer = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}", dict(compiled.params))
    return int(answer.scalar_one()[0]["Plan"]["Plan Rows"])
