"""The webhook is told everything once it takes it, and its address alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update

from core.alerts.rule import Scene
from core.alerts.webhook import Webhook
from core.models import Alert
from core.settings import Settings
from tests.standins.hook import Hook


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as known:
        yield known


@pytest.fixture
def webhook(scene: Scene, settings_env: Callable[..., Settings], hook: Hook) -> Iterator[Webhook]:
    own = settings_env(ALERT_WEBHOOK=f"{hook.url}/hook?key=secret", PORTAL_URL="https://portal.example")
    webhook = Webhook(own, scene.sessions)
    yield webhook
    webhook.close()


def fire(scene: Scene, subject: str = "17") -> None:
    with scene.sessions.begin() as session:
        session.add(Alert(rule="job_stalled", subject=subject, sentence="It stands still.", cure="See its log."))


def clear(scene: Scene, hours_ago: int = 0) -> None:
    moment = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, hours_ago)
    with scene.sessions.begin() as session:
        session.execute(update(Alert).values(cleared_at=moment))


def test_it_is_told_that_an_alert_fired_and_that_it_was_cleared_each_once(
    scene: Scene, webhook: Webhook, hook: Hook
) -> None:
    fire(scene)
    assert webhook.tell() and webhook.tell()
    clear(scene)
    assert webhook.tell() and webhook.tell()

    assert hook.states == ["fired", "cleared"]
    with scene.sessions() as session:
        alert = session.scalars(select(Alert)).one()
    assert alert.cleared_at is not None
    assert hook.got[0] == {
        "state": "fired",
        "rule": "job_stalled",
        "subject": "17",
        "sentence": "It stands still.",
        "cure": "See its log.",
        "at": alert.fired_at.isoformat(),
        "url": "https://portal.example/jobs/17",
    }
    assert hook.got[1]["at"] == alert.cleared_at.isoformat()


def test_what_it_does_not_take_is_told_again_in_order(scene: Scene, webhook: Webhook, hook: Hook) -> None:
    fire(scene, "17")
    fire(scene, "18")
    hook.status = 503
    assert not webhook.tell()
    assert len(hook.paths) == 1  # the others would fare no better

    clear(scene)
    hook.status = 200
    assert webhook.tell()
    assert [(body["subject"], body["state"]) for body in hook.got] == [
        ("17", "fired"),
        ("17", "cleared"),
        ("18", "fired"),
        ("18", "cleared"),
    ]


def test_one_piece_of_news_that_is_refused_holds_up_no_other(scene: Scene, webhook: Webhook, hook: Hook) -> None:
    fire(scene, "17")
    fire(scene, "18")
    hook.statuses = [400]
    assert webhook.tell()
    assert [body["subject"] for body in hook.got] == ["18"]

    assert webhook.tell()  # it is not told again at once
    assert len(hook.paths) == 2
    with scene.sessions.begin() as session:
        session.execute(update(Alert).values(tell_at=func.clock_timestamp()))
    assert webhook.tell()
    assert [body["subject"] for body in hook.got] == ["18", "17"]


def test_another_leader_does_not_tell_what_is_being_told(
    scene: Scene, webhook: Webhook, hook: Hook, settings_env: Callable[..., Settings]
) -> None:
    fire(scene)
    hook.hangs = True
    with ThreadPoolExecutor() as pool:
        telling = pool.submit(webhook.tell)
        assert hook.asked.wait(60)
        other = Webhook(settings_env(ALERT_WEBHOOK=hook.url), scene.sessions)
        assert other.tell()
        hook.let_go()
        assert telling.result(60)
    other.close()

    assert len(hook.paths) == 1


def test_who_leads_no_more_tells_nothing_more(scene: Scene, webhook: Webhook, hook: Hook) -> None:
    fire(scene, "17")
    fire(scene, "18")
    assert webhook.tell(lambda: bool(hook.got))

    assert [body["subject"] for body in hook.got] == ["17"]


def test_it_is_not_told_of_what_was_over_long_ago(scene: Scene, webhook: Webhook, hook: Hook) -> None:
    fire(scene)
    clear(scene, hours_ago=25)

    assert webhook.tell()
    assert hook.got == []


def test_a_redirect_is_not_followed(scene: Scene, webhook: Webhook, hook: Hook) -> None:
    fire(scene)
    hook.status = 307

    assert not webhook.tell()
    assert hook.paths == ["/hook?key=secret"]


def test_an_address_where_nobody_listens_is_tried_later_and_not_logged(
    scene: Scene, settings_env: Callable[..., Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    fire(scene)
    webhook = Webhook(settings_env(ALERT_WEBHOOK="http://127.0.0.1:1/secret"), scene.sessions)

    assert not webhook.tell()
    said = capsys.readouterr().out
    assert "webhook_not_reached" in said and "secret" not in said
    webhook.close()
