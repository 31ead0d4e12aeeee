"""Telling a webhook: each piece of news as JSON, again and again until it is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import httpx
import structlog
from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from core.alerts.lookout import CLEARED, FIRED, News
from core.alerts.rules import RULES
from core.models import Alert
from core.settings import Settings

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 5.0
KEEP_HOURS = 24  # what was over for longer is no news to anybody
MOST = 100
CLAIM_SECONDS = 30.0  # a post that is not answered ends long before
REFUSED_SECONDS = 300.0  # a piece of news that the address refuses waits so long, and holds up no other
LATER = frozenset({408, 425, 429})  # of the refusals, these are of the moment, not of the news
TAKEN, REFUSED, AWAY = "taken", "refused", "away"


class Webhook:
    """An address that wants to know. Redirects are not followed: what is told is meant for this address alone."""

    def __init__(self, settings: Settings, sessions: sessionmaker[Session]) -> None:
        assert settings.alert_webhook is not None
        self._url = settings.alert_webhook
        self._portal = settings.portal_url
        self._sessions = sessions
        self._http = httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)

    def tell(self, ended: Callable[[], bool] = lambda: False) -> bool:
        """Tell all that was not taken yet, oldest first, until `ended`; False when the address takes nothing now."""
        with self._sessions() as session:
            waiting = list(session.scalars(select(Alert.id).where(untold()).order_by(Alert.id).limit(MOST)))
        return all(ended() or self._tell_of(alert_id) for alert_id in waiting)

    def _tell_of(self, alert_id: int) -> bool:
        """Tell the news of one alert, unless another leader is at it: should it die of it, that is over by the clock.

        False when the address is away; what it refuses alone holds up no other.
        """
        claimed = update(Alert).where(Alert.id == alert_id, untold()).values(tell_at=_in(CLAIM_SECONDS))
        with self._sessions.begin() as session:
            alert = session.scalars(claimed.returning(Alert)).one_or_none()
        if alert is None:
            return True
        answer = TAKEN
        for news in news_of(alert):
            answer = self._post(body_of(news, self._portal))
            if answer != TAKEN:
                break
            self._keep(alert_id, told_at=moment_of(news))
        self._keep(alert_id, tell_at=_in(REFUSED_SECONDS) if answer == REFUSED else None)
        return answer != AWAY

    def _keep(self, alert_id: int, **values: object) -> None:
        with self._sessions.begin() as session:
            session.execute(update(Alert).where(Alert.id == alert_id).values(**values))

    def close(self) -> None:
        self._http.close()

    def _post(self, body: dict[str, str | None]) -> str:
        """Post it; what is answered is not read, only the status counts."""
        try:
            with self._http.stream("POST", self._url, json=body) as answer:
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("webhook_not_reached", error=type(error).__name__)  # never the address: it may hold a secret
            return AWAY
        if 200 <= status < 300:
            return TAKEN
        log.warning("webhook_refuses", status=status)
        return REFUSED if 400 <= status < 500 and status not in LATER else AWAY


def untold() -> ColumnElement[bool]:
    """Hold for alerts with news that the webhook has not taken, and that nobody is telling now."""
    now = func.clock_timestamp()
    never = Alert.told_at.is_(None)
    half = and_(Alert.cleared_at.is_not(None), Alert.told_at < Alert.cleared_at)
    fresh = or_(Alert.cleared_at.is_(None), Alert.cleared_at > now - func.make_interval(0, 0, 0, 0, KEEP_HOURS))
    return and_(or_(never, half), fresh, or_(Alert.tell_at.is_(None), Alert.tell_at <= now))


def news_of(alert: Alert) -> Iterator[News]:
    """Give what the webhook has not been told of an alert, in order."""
    if alert.told_at is None:
        yield News(FIRED, alert)
    if alert.cleared_at is not None:
        yield News(CLEARED, alert)


def moment_of(news: News) -> object:
    """Give the moment that the news is of: kept as `told_at` it says which news was taken last."""
    return news.alert.fired_at if news.state == FIRED else news.alert.cleared_at


def body_of(news: News, portal_url: str | None) -> dict[str, str | None]:
    """Write the news as the webhook gets it."""
    alert, rule = news.alert, RULES.get(news.alert.rule)
    path = rule.page_of(alert.subject) if rule else "/alerts"
    at = alert.cleared_at if news.state == CLEARED and alert.cleared_at else alert.fired_at
    return {
        "state": news.state,
        "rule": alert.rule,
        "subject": alert.subject,
        "sentence": alert.sentence,
        "cure": alert.cure,
        "at": at.isoformat(),
        "url": f"{portal_url}{path}" if portal_url else None,
    }


def _in(seconds: float) -> ColumnElement[datetime]:
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
