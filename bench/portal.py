"""The portal in the process that measures, and who asks it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from core.access import Actor
from core.access.tokens import create_token
from core.logs import configure
from core.models import Person
from core.settings import settings
from tests.webapp.conftest import Visitor, enter
from webapp import close, create_app, garbage
from webapp.extensions import db


@contextmanager
def portal(urls: Mapping[str, str], **more: str) -> Iterator[Flask]:
    """Make the portal over these engines, as wsgi.py does, without limits on calls."""
    os.environ.update(urls, SECRET_KEY="only-for-the-benchmark", LOG_LEVEL="ERROR", **more)
    own = settings()
    configure(own)
    app = create_app(own)
    app.config["RATELIMIT_ENABLED"] = False
    garbage.spare_what_stays()
    try:
        yield app
    finally:
        close(app)


def signed_in(app: Flask) -> FlaskClient:
    """Sign an admin in; as the forms do, each POST carries its token."""
    with app.app_context(), Session(db.engine, expire_on_commit=False) as session:
        person = Person(name=f"bench {time.time()}", role="admin", password_hash="-")
        session.add(person)
        session.commit()
    visitor: Visitor = enter(app, person)
    visitor.client.environ_base["HTTP_X_CSRFTOKEN"] = visitor.token
    return visitor.client


def bearer(app: Flask) -> FlaskClient:
    """Give a client that carries an admin's token."""
    with app.app_context(), Session(db.engine) as session:
        _, plain = create_token(session, "bench", ["admin"], Actor("bench"))
        session.commit()
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {plain}"
    return client
