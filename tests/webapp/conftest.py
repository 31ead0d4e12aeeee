"""The app on this test's engines, and people who are signed in to it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from core.models import Person
from core.settings import Settings
from webapp import close, create_app, dependencies
from webapp.extensions import db

# Where nothing listens.
NO_REDIS = {"REDIS_URL": "redis://127.0.0.1:1/0"}
NO_POSTGRESQL = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
NO_QDRANT = {"QDRANT_URL": "http://127.0.0.1:1"}


class Compiled(BytecodeCache):
    """Keeps compiled templates for all apps of a run: to compile them takes longer than most tests."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self.kept.get(bucket.key + bucket.checksum):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key + bucket.checksum] = bucket.bytecode_to_string()


COMPILED = Compiled()


@pytest.fixture(scope="session", autouse=True)
def compiled_routes() -> Iterator[None]:
    """Compile the addresses of the routes once for all apps of a run, for the same reason."""
    compiled: dict[str, Any] = {}
    compile_builder = Rule._compile_builder

    def once(rule: Rule, append_unknown: bool = True) -> Any:
        # All that the compiled one is made from; the rest it takes from the rule that it is bound to.
        key = repr((rule.rule, rule._trace, rule.defaults, append_unknown))
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", once)
        yield


@dataclass(frozen=True)
class Visitor:
    """A browser of somebody; `post` sends the token that our forms carry."""

    client: FlaskClient
    token: str
    name: str

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.client.get(path, **kwargs)

    def post(self, path: str, **fields: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token} | fields)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no engine be taken for silent because the machine is busy."""
    look = dependencies.look
    monkeypatch.setattr(dependencies, "look", lambda patience=0.0: look(60.0))


@pytest.fixture
def app(settings_env: Callable[..., Settings], request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The portal; other settings come by `@pytest.mark.parametrize("app", [{…}], indirect=True)`."""
    app = create_app(settings_env(**{"LAUNCHES_PER_USER_PER_MINUTE": 1000} | getattr(request, "param", {})))
    app.jinja_env.bytecode_cache = COMPILED
    yield app
    close(app)


@pytest.fixture
def short_of_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for rows that somebody holds no longer than a test may last; name it before the app."""
    monkeypatch.setattr("webapp.config.LOCKS", "-c lock_timeout=100")


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session of the test's own; commit what the app shall see."""
    with app.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def visitor(app: Flask, session: Session) -> Callable[..., Visitor]:
    """Make somebody of this role who is signed in, without the cost of a password."""

    def make(role: str, name: str | None = None) -> Visitor:
        person = Person(name=name or role, role=role, password_hash="-")
        session.add(person)
        session.commit()
        return enter(app, person)

    return make


def enter(app: Flask, person: Person, **changes: Any) -> Visitor:
    """Give a browser the cookie that a login of this person gives."""
    client, now = app.test_client(), int(time.time())
    with client.session_transaction() as cookie:
        cookie.update(_user_id=str(person.id), _fresh=True, sid=uuid4().hex, born=now, seen=now)
        cookie.update(epoch=person.session_epoch or 0, csrf_token="raw", **changes)
    token = str(URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps("raw"))
    return Visitor(client, token, person.name)


@pytest.fixture
def viewer(visitor: Callable[..., Visitor]) -> Visitor:
    return visitor("viewer")


@pytest.fixture
def operator(visitor: Callable[..., Visitor]) -> Visitor:
    return visitor("operator")


@pytest.fixture
def admin(visitor: Callable[..., Visitor]) -> Visitor:
    return visitor("admin")


def plain(page: TestResponse) -> str:
    """Read a page as a person does: without tags, with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"</?bdi>", "", page.text))).strip()
