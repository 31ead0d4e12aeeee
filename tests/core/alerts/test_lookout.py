"""An alert fires once and is cleared once, whatever happens to those who watch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import select

from core.alerts.lookout import Lookout
from core.alerts.rule import Condition, Rule, Scene
from core.models import Alert


@dataclass
class Wrong:
    """What a rule of the tests finds, and the clock by which it does."""

    subjects: dict[str, str] = field(default_factory=dict)
    error: Exception | None = None
    now: float = 0

    def look(self, scene: Scene) -> Iterable[Condition]:
        if self.error:
            raise self.error
        return [Condition(subject, sentence, "Mend it.") for subject, sentence in self.subjects.items()]

    def lookout(self, patience: float = 0, calm: float = 0) -> Lookout:
        return Lookout([Rule("broken", self.look, "/", patience=patience, calm=calm)], lambda: self.now)


@pytest.fixture
def wrong() -> Wrong:
    return Wrong()


def news(lookout: Lookout, scene: Scene) -> list[tuple[str, str]]:
    return [(told.state, told.alert.subject) for told in lookout.look(scene)]


def rows(scene: Scene) -> list[Alert]:
    with scene.sessions() as session:
        return list(session.scalars(select(Alert).order_by(Alert.id)))


def test_an_alert_fires_once_and_is_cleared_once(scene: Scene, wrong: Wrong) -> None:
    lookout = wrong.lookout()
    wrong.subjects = {"a": "A is broken."}
    assert [news(lookout, scene) for _ in range(3)] == [[("fired", "a")], [], []]

    wrong.subjects = {"b": "B is broken."}
    assert news(lookout, scene) == [("fired", "b"), ("cleared", "a")]
    assert news(lookout, scene) == []
    [a, b] = rows(scene)
    assert a.cleared_at is not None and a.cleared_at > a.fired_at
    assert b.cleared_at is None


def test_what_comes_again_is_a_new_alert(scene: Scene, wrong: Wrong) -> None:
    lookout = wrong.lookout()
    for subjects in ({"a": ""}, {}, {"a": ""}):
        wrong.subjects = subjects
        lookout.look(scene)

    assert [alert.cleared_at is None for alert in rows(scene)] == [False, True]


def test_an_open_alert_says_how_it_is_now(scene: Scene, wrong: Wrong) -> None:
    lookout = wrong.lookout()
    for sentence in ("1,001 wait.", "5,000 wait."):
        wrong.subjects = {"jobs:etl": sentence}
        lookout.look(scene)

    assert [alert.sentence for alert in rows(scene)] == ["5,000 wait."]


def test_two_who_watch_fire_and_clear_once(scene: Scene, wrong: Wrong) -> None:
    first, second = wrong.lookout(), wrong.lookout()
    wrong.subjects = {"a": "A is broken."}
    assert (news(first, scene), news(second, scene)) == ([("fired", "a")], [])

    wrong.subjects = {}
    assert (news(second, scene), news(first, scene)) == ([("cleared", "a")], [])


def test_what_does_not_last_is_not_told(scene: Scene, wrong: Wrong) -> None:
    lookout = wrong.lookout(patience=30)
    for now, subjects in ((0, {"a": ""}), (29, {"a": ""}), (30, {}), (31, {"a": ""}), (60, {"a": ""})):
        wrong.now, wrong.subjects = now, subjects
        assert news(lookout, scene) == []

    wrong.now = 61
    assert news(lookout, scene) == [("fired", "a")]


def test_what_may_come_back_at_once_is_not_cleared_yet(scene: Scene, wrong: Wrong) -> None:
    lookout = wrong.lookout(calm=30)
    for now, subjects in ((0, {"a": ""}), (10, {}), (39, {}), (40, {"a": ""}), (41, {}), (70, {})):
        wrong.now, wrong.subjects = now, subjects
        lookout.look(scene)
    assert [alert.cleared_at for alert in rows(scene)] == [None]

    wrong.now = 71
    assert news(lookout, scene) == [("cleared", "a")]


def test_a_new_leader_neither_clears_nor_repeats_what_is_still_so(scene: Scene, wrong: Wrong) -> None:
    wrong.subjects = {"a": "A is broken."}
    first = wrong.lookout(patience=30)
    for wrong.now in (0, 30):
        first.look(scene)

    second = wrong.lookout(patience=30)
    for wrong.now in (31, 40, 90):
        assert news(second, scene) == []
    assert [alert.cleared_at for alert in rows(scene)] == [None]


@pytest.mark.parametrize("error", [RedisConnectionError(), ZeroDivisionError()])
def test_a_rule_that_cannot_know_keeps_its_alerts_and_stops_no_other(
    scene: Scene, wrong: Wrong, error: Exception
) -> None:
    other = Wrong({"x": "X is broken."})
    both = Lookout([Rule("broken", wrong.look, "/"), Rule("other", other.look, "/")])
    wrong.subjects = {"a": "A is broken."}
    both.look(scene)

    wrong.error, other.subjects = error, {}
    assert news(both, scene) == [("cleared", "x")]
    assert [(alert.rule, alert.cleared_at is None) for alert in rows(scene)] == [("broken", True), ("other", False)]
