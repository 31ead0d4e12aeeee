"""The app on this test's engines, and scripts with tokens that call it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from core.access import SYSTEM, create_token
from core.settings import Settings
from webapp import close, create_app
from webapp.extensions import db

PREFIX = "/v1/admin"


@dataclass(frozen=True)
class Script:
    """A program that calls the API with one token."""

    client: FlaskClient
    token: str

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("GET", path, **kwargs)

    def post(self, path: str, body: object = None, **kwargs: Any) -> TestResponse:
        return self.call("POST", path, **({"json": body} | kwargs))

    def call(self, method: str, path: str, *, headers: dict[str, str] | None = None, **kwargs: Any) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}"} | (headers or {})
        return self.client.open(PREFIX + path, method=method, headers=sent, **kwargs)


@pytest.fixture
def app(settings_env: Callable[..., Settings]) -> Iterator[Flask]:
    app = create_app(settings_env(LAUNCHES_PER_USER_PER_MINUTE=1000))
    app.testing = False  # errors are answered as they would be
    yield app
    close(app)


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session of the test's own; commit what the app shall see."""
    with app.app_context():
        engine = db.engine  # no context outlives this line: requests would share their `g` with it
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def script(app: Flask, session: Session) -> Callable[..., Script]:
    """Make a script whose token has these scopes."""

    def make(*scopes: str, name: str = "nightly") -> Script:
        _, plain = create_token(session, name, scopes, SYSTEM)
        session.commit()
        return Script(app.test_client(), plain)

    return make


@pytest.fixture
def reader(script: Callable[..., Script]) -> Script:
    return script("read", name="reader")


@pytest.fixture
def operator(script: Callable[..., Script]) -> Script:
    return script("operate")
