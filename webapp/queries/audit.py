"""Who did what, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.models import AuditEvent
from webapp.queries.newest import Newest
from webapp.queries.page import BIGINT, LIMIT, Page
from webapp.queries.text import clean

WHOLE_ID = 36  # letters of a job's id


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which acts: every given field must match.

    `who` is the whole name; `action` how it begins (`job.`); `target` too (`person:`, eight letters of an id), but not
    where it names one thing (`person:Ana`); at `after` or later, and earlier than `before`.
    """

    who: str = ""
    action: str = ""
    target: str = ""
    after: datetime | None = None
    before: datetime | None = None


def find_page(
    session: Session, where: AuditFilter = AuditFilter(), cursor: str | None = None, limit: int = LIMIT
) -> Page[AuditEvent]:
    return _newest(where).page(session, cursor, limit)


def each(session: Session, where: AuditFilter) -> Iterator[AuditEvent]:
    """Give all of them for a file."""
    return _newest(where).each(session)


def show(session: Session, event_id: int) -> AuditEvent:
    event = session.get(AuditEvent, event_id) if event_id <= BIGINT else None
    if event is None:
        raise NotFound(f"The audit has no act with the number {event_id}.")
    return event


def _newest(where: AuditFilter) -> Newest[AuditEvent]:
    conditions: list[ColumnElement[bool]] = []
    if who := clean(where.who):
        conditions.append(AuditEvent.actor == who)
    if action := clean(where.action):
        conditions.append(AuditEvent.action.startswith(action, autoescape=True))
    if target := clean(where.target):
        named = target.partition(":")[2] or len(target) == WHOLE_ID
        by_beginning = AuditEvent.target.startswith(target, autoescape=True)
        conditions.append(AuditEvent.target == target if named else by_beginning)
    if where.after is not None:
        conditions.append(AuditEvent.at >= where.after)
    if where.before is not None:
        conditions.append(AuditEvent.at < where.before)
    return Newest(select(AuditEvent).where(*conditions), AuditEvent.at, AuditEvent.id)
