"""Telling a webhook: each piece of news as JSON, again and again until it is taken."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import structlog
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from core.alerts.lookout import CLEARED, FIRED, News
from core.alerts.rules import RULES
from core.models import Alert
from core.settings import Settings

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 5.0
KEEP_HOURS = 24  # what was over for longer is no news to anybody
MOST = 100


class Webhook:
    """An address that wants to know. Redirects are not followed: what is told is meant for this address alone."""

    def __init__(self, settings: Settings, sessions: sessionmaker[Session]) -> None:
        assert settings.alert_webhook is not None
        self._url = settings.alert_webhook
        self._portal = settings.portal_url
        self._sessions = sessions
        self._http = httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)

    def tell(self) -> bool:
        """Tell all that was not taken yet, oldest first; False when the address does not take it now."""
        with self._sessions() as session:
            waiting = list(untold(session))
        for news in waiting:
            if not self._post(body_of(news, self._portal)):
                return False
            with self._sessions.begin() as session:
                session.execute(update(Alert).where(Alert.id == news.alert.id).values(told_at=moment_of(news)))
        return True

    def close(self) -> None:
        self._http.close()

    def _post(self, body: dict[str, str | None]) -> bool:
        """Post it; what is answered is not read, only the status counts."""
        try:
            with self._http.stream("POST", self._url, json=body) as answer:
                taken = answer.is_success
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("webhook_not_reached", error=type(error).__name__)  # never the address: it may hold a secret
            return False
        if not taken:
            log.warning("webhook_refuses", status=answer.status_code)
        return taken


def untold(session: Session) -> Iterator[News]:
    """Give the news that the webhook has not taken: that an alert fired, and then that it was cleared."""
    lately = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, KEEP_HOURS)
    never = Alert.told_at.is_(None)
    half = and_(Alert.cleared_at.is_not(None), Alert.told_at < Alert.cleared_at)
    fresh = or_(Alert.cleared_at.is_(None), Alert.cleared_at > lately)
    rows = session.scalars(select(Alert).where(or_(never, half), fresh).order_by(Alert.id).limit(MOST))
    for alert in rows:
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
