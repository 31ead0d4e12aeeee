"""What was set aside: groups by cause down to single records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, ScalarSelect, Select, Subquery, and_, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from core.models import Candidate, Failure
from webapp.causes import needs_a_person
from webapp.queries.failure_trend import CHANGED, NO_TREND, Trend, mended, trends
from webapp.queries.page import LIMIT, Count, Page, bounded, count, moment, number, page_of, read_cursor
from webapp.queries.text import clean

STATUSES = ("open", "resolved", "discarded")


@dataclass(frozen=True, slots=True)
class FailureFilter:
    """Which failures: every given field must match; `status` None is any."""

    status: str | None = "open"
    cause: str | None = None
    step: str | None = None
    job_id: UUID | None = None
    record_id: int | None = None
    mended: bool = False  # only those whose record was changed since it failed


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """The failures of one cause; `records` are those of single records, a whole part counts as none.

    `trend` has how often it struck lately; `hopeless` fail again when they are retried as they are.
    """

    cause: str
    total: int
    records: int
    jobs: int
    first_seen: datetime
    last_seen: datetime
    steps: list[str]
    sample: str  # the latest reason
    trend: Trend = NO_TREND
    hopeless: int = 0

    @property
    def hopeful(self) -> int:
        return self.total - self.hopeless

    @property
    def last_hour(self) -> int:
        return self.trend.hour

    @property
    def last_day(self) -> int:
        return self.trend.day

    @property
    def last_week(self) -> int:
        return self.trend.week


@dataclass(frozen=True, slots=True)
class FailureRow:
    """One failure, with the name of its record where that is a candidate that still exists."""

    failure: Failure
    external_id: str | None
    full_name: str | None
    version: datetime | None

    @property
    def changed(self) -> bool:
        """Whether somebody has changed the record since it failed."""
        failed = self.failure.source_version
        return None not in (failed, self.version) and self.version != failed


def groups(session: Session, where: FailureFilter = FailureFilter()) -> Page[CauseGroup]:
    """List the causes, latest first. They are codes of ours and therefore few: one page holds them all."""
    each = _by_job(where)
    last_seen = func.max(each.c.last_seen)
    rows = session.execute(
        select(
            each.c.cause,
            func.sum(each.c.total).cast(Integer).label("total"),
            func.sum(each.c.records).cast(Integer).label("records"),
            func.count(each.c.job_id.distinct()).label("jobs"),
            func.min(each.c.first_seen).label("first_seen"),
            last_seen.label("last_seen"),
            func.array_agg(each.c.step.distinct()).label("steps"),
            _latest_reason(where, each).label("sample"),
        )
        .group_by(each.c.cause)
        .order_by(last_seen.desc(), each.c.cause)
    )
    items = _with_trend(session, [CauseGroup(**row._asdict()) for row in rows], where)
    return Page(items, None, len(items), True)


def find_page(
    session: Session, where: FailureFilter = FailureFilter(), cursor: str | None = None, limit: int = LIMIT
) -> Page[FailureRow]:
    """List single failures, last seen first."""
    limit = bounded(limit)
    matching = _named().where(*_conditions(where))
    rows = matching.order_by(Failure.last_seen.desc(), Failure.id.desc()).limit(limit + 1)
    if cursor:
        rows = rows.where(tuple_(Failure.last_seen, Failure.id) < tuple_(*read_cursor(cursor, moment, number)))
    found = [FailureRow(*row) for row in session.execute(rows)]
    return page_of(found, limit, cursor, lambda: total(session, where), _position)


def each(session: Session, where: FailureFilter, most: int) -> Iterator[FailureRow]:
    """Read what matches as it comes, last seen first, `most` at most."""
    rows = _named().where(*_conditions(where)).order_by(Failure.last_seen.desc(), Failure.id.desc()).limit(most)
    for row in session.execute(rows.execution_options(yield_per=1000)):
        yield FailureRow(*row)


def show(session: Session, failure_id: int) -> FailureRow | None:
    """Read one failure; None where it is gone."""
    row = session.execute(_named().where(Failure.id == failure_id)).one_or_none()
    return FailureRow(*row) if row else None


def total(session: Session, where: FailureFilter = FailureFilter()) -> Count:
    return count(session, select(Failure.id).where(*_conditions(where)))


def ids(session: Session, where: FailureFilter, limit: int) -> Sequence[int]:
    """List the ids of the failures that match, oldest first, `limit` at most: what an act on a filter touches."""
    return session.scalars(select(Failure.id).where(*_conditions(where)).order_by(Failure.id).limit(limit)).all()


def _with_trend(session: Session, found: Sequence[CauseGroup], where: FailureFilter) -> tuple[CauseGroup, ...]:
    causes = [group.cause for group in found]
    narrowed = _conditions(replace(where, status=None, cause=None))
    struck = trends(session, causes, narrowed)
    changed = mended(session, causes, narrowed) if where.status == "open" else {}
    return tuple(
        replace(
            group,
            trend=struck[group.cause],
            hopeless=group.total - changed.get(group.cause, 0) if needs_a_person(group.cause) else 0,
        )
        for group in found
    )


def _by_job(where: FailureFilter) -> Subquery:
    """Add up by cause, step and job first: few rows are left, where to sort all of them took most of the time."""
    keys = (Failure.cause, Failure.step, Failure.job_id)
    sums = (
        func.count().label("total"),
        func.count(Failure.record_id).label("records"),
        func.min(Failure.first_seen).label("first_seen"),
        func.max(Failure.last_seen).label("last_seen"),
    )
    return select(*keys, *sums).where(*_conditions(where)).group_by(*keys).subquery("each")


def _latest_reason(where: FailureFilter, each: Subquery) -> ScalarSelect[str]:
    """Read one row a cause by the index; to sort all of them for that took as long as the rest together."""
    latest = aliased(Failure)
    conditions = [latest.cause == each.c.cause, *_conditions(where, latest)]
    order = (latest.last_seen.desc(), latest.id.desc())
    return select(latest.reason).where(*conditions).order_by(*order).limit(1).scalar_subquery()


def _position(row: FailureRow) -> tuple[object, ...]:
    return row.failure.last_seen, row.failure.id


def _named() -> Select[Failure, str, str, datetime]:
    candidate = and_(Failure.record_kind == "candidate", Failure.record_id == Candidate.id)
    return select(Failure, Candidate.external_id, Candidate.full_name, Candidate.updated_at).outerjoin(
        Candidate, candidate
    )


def _conditions(where: FailureFilter, of: type[Failure] = Failure) -> list[ColumnElement[bool]]:
    given = (
        (of.status, where.status),
        (of.cause, where.cause),
        (of.step, where.step),
        (of.job_id, where.job_id),
        (of.record_id, where.record_id),
    )
    found = [
        column == (clean(value) if isinstance(value, str) else value) for column, value in given if value is not None
    ]
    return [*found, CHANGED] if where.mended else found
