"""The leader's lookout: it asks the rules every few seconds, and tells the log, Sentry and the webhook.

In threads of its own: neither a Redis that hangs nor a webhook that does holds up the ticker or each other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import httpx
import structlog
from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError

from core import sentry
from core.alerts.lookout import FIRED, Lookout, News
from core.alerts.rule import Scene
from core.alerts.rules import RULES
from core.alerts.webhook import Webhook
from core.container import Container

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0
PATIENCE_SECONDS = 3.0  # an engine that takes longer does not answer
FIRST_SECONDS, MOST_SECONDS = 5.0, 60.0  # between two tries at a webhook that does not take its news
END_SECONDS = 2.0


class Alerting:
    """Watches while it is entered: `with Alerting(house):` for as long as this process leads."""

    def __init__(self, house: Container) -> None:
        own = house.settings
        self._sessions = house.sessions
        self._settings = own
        self._redis = Redis.from_url(own.redis_url, socket_connect_timeout=2, socket_timeout=PATIENCE_SECONDS)
        self._http = httpx.Client(timeout=PATIENCE_SECONDS)
        self._lookout = Lookout(RULES.values())
        self._stop, self._news = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=self._watch, name="alerts", daemon=True)]
        if own.alert_webhook:
            self._threads.append(threading.Thread(target=self._tell, name="webhook", daemon=True))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop both; one that hangs in a call ends by itself after it, and tells nothing more."""
        self._stop.set()
        self._news.set()
        for thread in self._threads:
            thread.join(END_SECONDS)

    def look(self) -> None:
        """Ask all rules once, and tell what is new."""
        scene = Scene(self._settings, self._sessions, self._redis, silent_of(self._engines()))
        found = self._lookout.look(scene)
        for news in found:
            _announce(news)
        if found:
            self._news.set()

    def _watch(self) -> None:
        with self._redis, self._http:
            while not self._stop.is_set():
                self.look()
                self._stop.wait(LOOK_SECONDS)

    def _tell(self) -> None:
        """Tell the webhook at once what is new, and what it did not take in growing pauses."""
        webhook, pause = Webhook(self._settings, self._sessions), 0.0
        while not self._stop.is_set():
            self._news.clear()
            try:
                taken = webhook.tell(self._stop.is_set)
            except SQLAlchemyError as error:
                log.warning("webhook_waits", error=type(error).__name__)
                taken = False
            pause = 0.0 if taken else min(MOST_SECONDS, max(FIRST_SECONDS, 2 * pause))
            (self._stop if pause else self._news).wait(pause or MOST_SECONDS)
        webhook.close()

    def _engines(self) -> Mapping[str, Callable[[], object]]:
        ready = f"{self._settings.qdrant_url}/readyz"
        return {"Redis": self._redis.ping, "Qdrant": lambda: self._http.get(ready).raise_for_status()}


def silent_of(engines: Mapping[str, Callable[[], object]]) -> list[str]:
    """Name the engines that do not answer when asked."""
    return [name for name, ask in engines.items() if not _answers(ask)]


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (RedisError, httpx.HTTPError, OSError):
        return False
    return True


def _announce(news: News) -> None:
    alert = news.alert
    known = {"rule": alert.rule, "subject": alert.subject, "sentence": alert.sentence}
    if news.state == FIRED:
        log.warning("alert_fired", cure=alert.cure, **known)
        sentry.tell(alert.rule, alert.subject, alert.sentence)
    else:
        log.info("alert_cleared", **known)
