"""From what the rules see to alerts: each fires once, is kept up to date while it lasts, and is cleared once."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from redis import RedisError
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.alerts.rule import Condition, Rule, Scene
from core.errors import AppError
from core.models import Alert

log = structlog.get_logger(__name__)

FIRED, CLEARED = "fired", "cleared"


@dataclass(frozen=True, slots=True)
class News:
    """An alert that has just fired, or was cleared."""

    state: str
    alert: Alert


class Lookout:
    """Applies rules again and again, and remembers since when each condition is there, or gone.

    `clock` gives seconds. One that begins anew, as another leader does, is as patient as ever and clears nothing that
    is still so: it fires and clears late rather than twice.
    """

    def __init__(self, rules: Iterable[Rule], clock: Callable[[], float] = time.monotonic) -> None:
        self._rules = tuple(rules)
        self._clock = clock
        self._since: dict[tuple[str, str, bool], float] = {}

    def look(self, scene: Scene) -> Sequence[News]:
        """Apply all rules. Alerts of one that cannot know stay as they are."""
        found: list[News] = []
        for rule in self._rules:
            try:
                found += self._apply(rule, scene)
            except (RedisError, SQLAlchemyError, AppError, OSError) as error:
                log.warning("alert_rule_cannot_know", rule=rule.name, error=type(error).__name__)
            except Exception:  # a fault in one rule must not blind us to all others
                log.exception("alert_rule_broke", rule=rule.name)
        return found

    def _apply(self, rule: Rule, scene: Scene) -> Sequence[News]:
        there = {condition.subject: condition for condition in rule.look(scene)}
        with scene.sessions.begin() as session:
            standing = {alert.subject: alert for alert in _open(session, rule)}
            gone = standing.keys() - there.keys()
            lasting = self._lasting(rule, there, there=True, seconds=rule.patience)
            over = self._lasting(rule, gone, there=False, seconds=rule.calm)
            _keep(standing, there)
            return [
                *_fire(session, rule, [there[subject] for subject in lasting if subject not in standing]),
                *_clear(session, [standing[subject] for subject in over]),
            ]

    def _lasting(self, rule: Rule, subjects: Collection[str], *, there: bool, seconds: float) -> list[str]:
        """Name those that have been so for long enough, and forget those that are so no more."""
        now = self._clock()
        for name, subject, kind in list(self._since):
            if (name, kind) == (rule.name, there) and subject not in subjects:
                del self._since[name, subject, kind]
        return [
            subject for subject in subjects if now - self._since.setdefault((rule.name, subject, there), now) >= seconds
        ]


def _open(session: Session, rule: Rule) -> Iterable[Alert]:
    return session.scalars(select(Alert).where(Alert.rule == rule.name, Alert.cleared_at.is_(None)))


def _keep(standing: Mapping[str, Alert], there: Mapping[str, Condition]) -> None:
    """Let alerts that stand say how it is now; nobody is told again."""
    for subject in standing.keys() & there.keys():
        standing[subject].sentence, standing[subject].cure = there[subject].sentence, there[subject].cure


def _fire(session: Session, rule: Rule, conditions: Sequence[Condition]) -> Iterable[News]:
    for condition in conditions:
        row = insert(Alert).values(
            rule=rule.name, subject=condition.subject, sentence=condition.sentence, cure=condition.cure
        )
        once = row.on_conflict_do_nothing(index_elements=["rule", "subject"], index_where=text("cleared_at IS NULL"))
        if (alert := session.scalars(once.returning(Alert)).one_or_none()) is not None:
            yield News(FIRED, alert)


def _clear(session: Session, alerts: Sequence[Alert]) -> Iterable[News]:
    for alert in alerts:
        mine = update(Alert).where(Alert.id == alert.id, Alert.cleared_at.is_(None))
        cleared = mine.values(cleared_at=func.clock_timestamp()).returning(Alert)
        if session.scalars(cleared, execution_options={"populate_existing": True}).one_or_none() is not None:
            yield News(CLEARED, alert)
