"""How often a cause struck lately, and how many of its open failures a retry cannot help."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.orm import Session

from core.models import Candidate, Failure
from webapp.causes import NEED_A_PERSON

WEEK = timedelta(days=7)
BARS = 24  # of seven hours each: a week
MOST_LOOKED_AT = 5_000  # failures whose records are looked up; of more the rest counts as it was
STRUCK = ("open", "resolved", "discarded")
# Somebody has changed the record since it failed.
CHANGED = (
    select(literal(1))
    .where(Failure.record_kind == "candidate", Candidate.id == Failure.record_id)
    .where(Failure.source_version.is_not(None), Candidate.updated_at != Failure.source_version)
    .correlate(Failure)
    .exists()
)


@dataclass(frozen=True, slots=True)
class Trend:
    """Failures last seen within an hour, a day and a week, also those closed since; `bars` is the week, oldest first.

    `resolved` of the week's were closed by a later job.
    """

    hour: int = 0
    day: int = 0
    week: int = 0
    resolved: int = 0
    bars: tuple[int, ...] = (0,) * BARS


NO_TREND = Trend()


def trends(
    session: Session, causes: Collection[str], narrowed: Collection[ColumnElement[bool]] = ()
) -> Mapping[str, Trend]:
    """Count by cause; the index of status, cause and time gives these rows and no others."""
    now, age = func.now(), func.extract("epoch", func.now() - Failure.last_seen)
    bar = func.width_bucket(age, 0, WEEK.total_seconds(), BARS).label("bar")
    rows = session.execute(
        select(
            Failure.cause,
            bar,
            func.count(),
            func.count().filter(Failure.last_seen > now - timedelta(hours=1)),
            func.count().filter(Failure.last_seen > now - timedelta(days=1)),
            func.count().filter(Failure.status == "resolved"),
        )
        .where(Failure.status.in_(STRUCK), Failure.cause.in_(causes), Failure.last_seen > now - WEEK, *narrowed)
        .group_by(Failure.cause, bar)
    ).all()
    return {cause: _trend([row[1:] for row in rows if row[0] == cause]) for cause in causes}


def mended(
    session: Session, causes: Collection[str], narrowed: Collection[ColumnElement[bool]] = ()
) -> Mapping[str, int]:
    """Count, of the causes that need a person, the open failures whose record was changed since it failed."""
    wanted = sorted(NEED_A_PERSON & set(causes))
    if not wanted:
        return {}
    open_ones = (Failure.status == "open", Failure.cause.in_(wanted), *narrowed)
    first = select(Failure.id).where(*open_ones).limit(MOST_LOOKED_AT).subquery("first")
    rows = session.execute(
        select(Failure.cause, func.count()).join(first, first.c.id == Failure.id).where(CHANGED).group_by(Failure.cause)
    )
    return {cause: n for cause, n in rows}  # noqa: C416  (a row is no pair to mypy)


def _trend(rows: list[tuple[int, int, int, int, int]]) -> Trend:
    """Put the bars of one cause together: the youngest has the number 1."""
    high = {bar: n for bar, n, *_ in rows}
    hour, day, resolved = (sum(row[at] for row in rows) for at in (2, 3, 4))
    bars = tuple(high.get(bar, 0) for bar in range(BARS, 0, -1))
    return Trend(hour, day, sum(high.values()), resolved, bars)
