"""What the views share: the request's database session, Redis, and Flask's extensions."""

from __future__ import annotations

import structlog
from flask import current_app
from flask_babel import Babel
from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from redis import Redis
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.local import LocalProxy

from core.db import Base
from webapp.patience import ANSWER_SECONDS, Patience

log = structlog.stdlib.get_logger("portal")


class Database(SQLAlchemy):
    """The request's session, which ends without a word when its connection has died by then: the answer is ready."""

    def _teardown_session(self, exc: BaseException | None) -> None:
        try:
            super()._teardown_session(exc)
        except (OperationalError, InterfaceError) as error:
            log.warning("database_gone_behind_the_answer", error=type(error).__name__)
            self.session.registry.clear()


db = Database(metadata=Base.metadata, session_options={"expire_on_commit": False})
babel = Babel()
compress = Compress()
csrf = CSRFProtect()
limiter = Limiter(get_remote_address)
login_manager = LoginManager()
redis: Redis = LocalProxy(lambda: current_app.extensions["redis"])  # type: ignore[assignment]


def redis_for(url: str) -> Redis:
    """Make the portal's client: pages wait little for a Redis that is down or hangs."""
    return Redis.from_url(url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=1, retry=Patience())
