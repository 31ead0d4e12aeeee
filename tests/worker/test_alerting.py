"""The leader's lookout tells the log and the webhook, and hangs on neither."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import func, select, update

from core.container import Container
from core.models import Alert, Job
from core.settings import Settings
from core.stop import Stop
from tests.standins.hook import Hook
from tests.walks.conftest import eventually
from tests.webapp.factories import make_job, make_part
from worker import alerting, ticker
from worker.alerting import Alerting, silent_of

MakeHouse = Callable[..., Container]


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as known:
        yield known


@pytest.fixture
def house(settings_env: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeHouse]:
    """A container whose lookout looks twenty times a second."""
    monkeypatch.setattr(alerting, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(alerting, "FIRST_SECONDS", 0.05)
    made: list[Container] = []

    def make(**settings: Any) -> Container:
        made.append(Container(settings_env(**settings)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def launch_long_ago(house: Container) -> None:
    """Launch a job a month ago; a worker holds its part for an hour more."""
    with house.sessions.begin() as session:
        now = func.clock_timestamp()
        long_ago = now - func.make_interval(0, 1)
        job = make_job(session, title="Night sync", status="running", created_at=long_ago, split_at=long_ago)
        held = {"holder": "worker-1", "token": uuid4(), "lease_until": now + func.make_interval(0, 0, 0, 0, 1)}
        make_part(session, job, [1], status="running", **held)


def end_it(house: Container) -> None:
    with house.sessions.begin() as session:
        session.execute(update(Job).values(status="completed"))


def alerts(house: Container) -> list[tuple[str, bool]]:
    with house.sessions() as session:
        return [(alert.rule, alert.cleared_at is None) for alert in session.scalars(select(Alert))]


def test_what_fires_and_clears_is_posted_and_logged(
    house: MakeHouse, hook: Hook, capsys: pytest.CaptureFixture[str]
) -> None:
    known = house(ALERT_WEBHOOK=hook.url)
    launch_long_ago(known)
    with Alerting(known):
        eventually(lambda: hook.states == ["fired"], what="the first post")
        end_it(known)
        eventually(lambda: hook.states == ["fired", "cleared"], what="the second post")

    said = capsys.readouterr().out
    assert "alert_fired" in said and "alert_cleared" in said


def test_a_webhook_that_refuses_is_told_again(house: MakeHouse, hook: Hook) -> None:
    known = house(ALERT_WEBHOOK=hook.url)
    hook.status = 500
    launch_long_ago(known)
    with Alerting(known):
        eventually(lambda: len(hook.paths) >= 2, what="a second try")
        hook.status = 200
        eventually(lambda: hook.states == ["fired"], what="the post that is taken")


def test_a_webhook_that_hangs_holds_up_nobody(house: MakeHouse, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerting, "END_SECONDS", 0.1)
    known = house(ALERT_WEBHOOK=hook.url)
    hook.hangs = True
    launch_long_ago(known)
    with Alerting(known) as watching:
        assert hook.asked.wait(60)
        end_it(known)
        eventually(lambda: alerts(known) == [("job_overdue", False)], what="the alert to be cleared")
    hook.let_go()
    for thread in watching._threads:
        thread.join(60)


def test_the_leader_of_the_tickers_watches(house: MakeHouse) -> None:
    known, stop = house(), Stop()
    launch_long_ago(known)
    with known.engine.connect() as connection:
        leader = threading.Thread(target=ticker._tick_until, args=(stop, ticker.Ticker(known), connection))
        leader.start()
        eventually(lambda: alerts(known) == [("job_overdue", True)], what="the alert")
        stop.set()
        leader.join()


def test_engines_that_do_not_answer_are_named() -> None:
    def broken() -> None:
        raise RedisConnectionError("with the address and its password")

    assert silent_of({"Redis": broken, "Qdrant": lambda: None}) == ["Redis"]
