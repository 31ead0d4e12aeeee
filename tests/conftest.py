"""The real engines for all tests, a fresh database for each, and a fence around the machine.

Where several processes of pytest run side by side, each has engines of its own.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import socket
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from argon2 import PasswordHasher
from hypothesis import HealthCheck
from hypothesis import settings as property_settings
from redis import Redis
from sqlalchemy.orm import Session

from core import schema
from core import settings as settings_module
from core.access import passwords
from core.db import engine_for
from core.stack import net, postgres, valkey, vector_server
from core.stack.children import Child, Program
from core.stack.net import free_port
from tests.scheduling import pytest_xdist_make_scheduler as pytest_xdist_make_scheduler

PASSWORD = "only-for-tests"
# Nothing of a test need survive the machine.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
LOOPBACK = ("127.", "::1", "localhost")
OUR_PORTS, EACH = 10_000, 2_000  # below those that stacks take
# No example of a property fails because the machine is busy: Hypothesis gives each 200 ms. Every run judges by the same
# examples; `pytest --hypothesis-profile elsewhere` looks at others, and at more where a test does not say how many.
PATIENT: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
property_settings.register_profile("same", derandomize=True, **PATIENT)
property_settings.register_profile("elsewhere", derandomize=False, max_examples=2000, **PATIENT)
property_settings.load_profile("same")
# What a test left behind: rows, used up numbers, connections. Nothing of it shall meet the next one.
LEAVE = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() "
LEAVE += "AND pid <> pg_backend_pid()"
CLEAR = """
DO $$ DECLARE one record; used boolean; BEGIN
  FOR one IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
             AND relname <> 'alembic_version' LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', one.relname) INTO used;
    IF used THEN EXECUTE format('TRUNCATE %I CASCADE', one.relname); END IF;
  END LOOP;
  FOR one IN SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL LOOP
    EXECUTE format('ALTER SEQUENCE %I RESTART', one.sequencename);
  END LOOP;
END $$"""


@pytest.fixture(scope="session", autouse=True)
def ports_of_its_own() -> Iterator[None]:
    """Let two processes of pytest never find the same port free: it is found a moment before it is taken."""
    first = OUR_PORTS + EACH * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(net, "OUR_PORTS", (first, first + EACH))
        yield


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """Let no test talk to another machine."""
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"a test may not connect to {address[0]}")

    def connect(self: socket.socket, address: Any) -> None:
        check(self, address)
        real_connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        check(self, address)
        return real_connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash passwords by the cheapest parameters there are: the real ones cost a quarter of a second by intent."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", cheap)
        patch.setattr(passwords, "DUMMY", passwords.nobodys(cheap))
        yield


@pytest.fixture(scope="session", autouse=True)
def one_tls_context() -> Iterator[None]:
    """Read the machine's certificates once and not for each client of HTTP: on loopback nobody looks at them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield


@pytest.fixture(autouse=True)
def no_ids_of_others() -> None:
    """Forget what an earlier test bound to the lines of its log, as the end of a request does not."""
    structlog.contextvars.clear_contextvars()


@pytest.fixture(scope="session")
def engines_home() -> Iterator[Path]:
    """A place for the engines' files that is short-lived and not world-readable, as a real home is."""
    home = Path(tempfile.mkdtemp(prefix="vigia-tests-"))
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(engines_home: Path) -> Iterator[str]:
    """URL of the maintenance database of a real PostgreSQL server; use `database` for one with tables."""
    port, place = free_port(), postgres.choose_place(engines_home)
    postgres.prepare(place, PASSWORD)
    yield from _running(
        postgres.program(place, port, PASSWORD, engines_home / "postgres.log", FAST),
        postgres.url(port, PASSWORD, "postgres"),
    )


@pytest.fixture(scope="session")
def redis_url(engines_home: Path) -> Iterator[str]:
    """URL of a real Valkey server; use `redis` for a client on an empty one."""
    port = free_port()
    yield from _running(
        valkey.program(engines_home / "valkey", port, PASSWORD, engines_home / "valkey.log"), valkey.url(port, PASSWORD)
    )


@pytest.fixture(scope="session")
def qdrant_url(engines_home: Path) -> Iterator[str]:
    """URL of our real vector server; use `qdrant` for an empty one."""
    port = free_port()
    yield from _running(
        vector_server.program(engines_home / "vectors", port, engines_home / "vectors.log"), vector_server.url(port)
    )


@pytest.fixture(scope="session")
def migrated_database(postgres_url: str) -> str:
    """URL of a database with all tables; use `database`, which is empty."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE vigia_tests")
    url = _database_url(postgres_url, "vigia_tests")
    schema.upgrade(url)
    return url


@pytest.fixture
def database(postgres_url: str, migrated_database: str) -> Iterator[str]:
    """URL of a migrated, empty database; emptied after each test, for to make a new one takes ten times as long."""
    yield migrated_database
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        connection.execute(LEAVE)
        connection.execute(CLEAR)


@pytest.fixture
def session(database: str) -> Iterator[Session]:
    """A session on this test's database."""
    engine = engine_for(database)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client, answering bytes, of a server that holds nothing."""
    client = Redis.from_url(redis_url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def qdrant(qdrant_url: str) -> str:
    """URL of the vector server after all its collections were dropped."""
    for collection in _ask(qdrant_url, "GET", "/collections")["collections"]:
        _ask(qdrant_url, "DELETE", f"/collections/{collection['name']}")
    return qdrant_url


@pytest.fixture
def settings_env(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: str, redis: Redis, redis_url: str, qdrant: str
) -> Iterator[Callable[..., settings_module.Settings]]:
    """Point the settings at this test's engines: `settings_env(EMBEDDER="local", PART_SIZE=96)` gives them.

    Cached settings are forgotten before and after; nothing of the caller's environment or `.env` gets in.
    """
    monkeypatch.chdir(tmp_path)
    for name in settings_module.Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def apply(**values: object) -> settings_module.Settings:
        known = {"DATABASE_URL": database, "REDIS_URL": redis_url, "QDRANT_URL": qdrant}
        for name, value in (known | {"SECRET_KEY": "only-for-tests-0123456789"} | values).items():
            monkeypatch.setenv(name, str(value))
        _forget()
        return settings_module.settings()

    yield apply
    _forget()


def _forget() -> None:
    settings_module.settings.cache_clear()
    loaded = sys.modules.get("core.container")  # not imported for those who do without: it takes two seconds
    if loaded is not None and loaded.container.cache_info().currsize:
        loaded.container().close()
        loaded.container.cache_clear()


def _ask(url: str, method: str, path: str) -> Any:
    """Make one plain call: a client of the comfortable sort takes longer to make than most tests take."""
    with contextlib.closing(HTTPConnection(url.rpartition("/")[2], timeout=10)) as connection:
        connection.request(method, path)
        return json.load(connection.getresponse())["result"]


def _database_url(url: str, name: str) -> str:
    return url.rpartition("/")[0] + f"/{name}"


def _running(program: Program, url: str) -> Iterator[str]:
    child = Child(program)
    child.start()
    try:
        child.wait_ready()
        yield url
    finally:
        child.ask_to_stop()
        child.wait_stopped()
