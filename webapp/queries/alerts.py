"""Alerts: those that stand, worst first, and the history, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core.alerts.rules import RULES
from core.models import Alert
from webapp.queries.newest import Newest
from webapp.queries.page import LIMIT, Page
from webapp.queries.text import clean

MOST_STANDING = 200


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts: every given field must match; `open` None is any."""

    open: bool | None = None
    rule: str | None = None
    subject: str | None = None


def standing(session: Session) -> Sequence[Alert]:
    """List the open alerts, worst first, and of the same sort the oldest first."""
    rows = select(Alert).where(Alert.cleared_at.is_(None)).order_by(Alert.fired_at, Alert.id).limit(MOST_STANDING)
    order = {name: place for place, name in enumerate(RULES)}
    return sorted(session.scalars(rows), key=lambda alert: order.get(alert.rule, len(order)))


def find_page(
    session: Session, where: AlertFilter = AlertFilter(), cursor: str | None = None, limit: int = LIMIT
) -> Page[Alert]:
    """List alerts, newest first."""
    return _newest(where).page(session, cursor, limit)


def each(session: Session, where: AlertFilter) -> Iterator[Alert]:
    """Give all of them for a file."""
    return _newest(where).each(session)


def _newest(where: AlertFilter) -> Newest[Alert]:
    return Newest(select(Alert).where(*_conditions(where)), Alert.fired_at, Alert.id)


def _conditions(where: AlertFilter) -> list[ColumnElement[bool]]:
    given = ((Alert.rule, where.rule), (Alert.subject, where.subject))
    found = [column == clean(value) for column, value in given if value is not None]
    if where.open is not None:
        found.append(Alert.cleared_at.is_(None) if where.open else Alert.cleared_at.is_not(None))
    return found
