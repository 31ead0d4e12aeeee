"""What can be foreseen is told in a sentence with its cure: no traceback, a code that is not 0."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest
from redis import Redis

from core.settings import Settings, settings
from core.stack.home import Home, write_json
from core.stack.net import free_port
from tests.core.cli.conftest import Vigia

Env = Callable[..., Settings]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An environment in which nothing is set, and which forgets what a command fills in."""
    monkeypatch.chdir(tmp_path)
    kept = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    settings.cache_clear()
    with patch.dict(os.environ, kept, clear=True):
        yield
    settings.cache_clear()


@pytest.mark.usefixtures("bare")
def test_settings_that_are_missing_are_all_named(vigia: Vigia) -> None:
    refused = vigia("migrate")
    assert (refused.code, refused.out) == (1, "")
    for name in ("DATABASE_URL", "REDIS_URL", "QDRANT_URL", "SECRET_KEY"):
        assert f"{name} is missing" in refused.err
    assert "vigia up" in refused.err


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"PART_SIZE": "abc", "EMBEDDER": "foo"}, ("PART_SIZE", "EMBEDDER")),
        ({"PART_SIZE": "abc", "EMBEDDER": "cohere"}, ("PART_SIZE", "COHERE_API_KEY")),
        ({"OPS_PORT": "many", "REDIS_URL": "http://x", "SECRET_KEY": "short"}, ("OPS_PORT", "REDIS_URL", "SECRET_KEY")),
        ({"DATABASE_URL": "mysql://x"}, ("DATABASE_URL",)),
    ],
)
@pytest.mark.parametrize("from_a_file", [False, True])
def test_up_names_every_bad_setting_before_it_starts_anything(
    vigia: Vigia,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str],
    named: tuple[str, ...],
    from_a_file: bool,
) -> None:
    if from_a_file:
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in given.items()))
    else:
        for name, value in given.items():
            monkeypatch.setenv(name, value)
    refused = vigia("up", "--port", "0")
    assert (refused.code, refused.out) == (1, "")
    assert [name for name in named if name not in refused.err] == []
    assert refused.err.count("\n  ") == len(named)
    assert "is missing" not in refused.err
    assert not (tmp_path / "home").exists()


@pytest.mark.usefixtures("bare")
def test_what_is_not_set_is_filled_from_the_home(vigia: Vigia, tmp_path: Path, database: str) -> None:
    home = Home(tmp_path / "home")
    home.make()
    home.secret("secret_key")
    write_json(home.stack_file, {"database_url": database, "redis_url": "redis://x", "qdrant_url": "http://x"})
    (tmp_path / ".env").write_text("REDIS_URL=redis://from-a-file\n")
    assert vigia("migrate").code == 0
    assert (settings().redis_url, settings().qdrant_url) == ("redis://from-a-file", "http://x")


def test_an_unreachable_database_is_told_by_every_command(vigia: Vigia, settings_env: Env) -> None:
    settings_env(DATABASE_URL=f"postgresql://vigia:a-secret@127.0.0.1:{free_port()}/vigia")
    for arguments in (("migrate",), ("web",), ("worker",), ("jobs",), ("token", "create"), ("sync",)):
        refused = vigia(*arguments)
        assert (refused.code, refused.out) == (1, "")
        assert "DATABASE_URL" in refused.err
        assert "a-secret" not in refused.err


def test_missing_tables_are_told(vigia: Vigia, settings_env: Env, postgres_url: str) -> None:
    settings_env(DATABASE_URL=postgres_url)
    for arguments in (("web",), ("worker",), ("jobs",), ("token", "create")):
        refused = vigia(*arguments)
        assert (refused.code, "vigia migrate" in refused.err) == (1, True)


def test_migrate_makes_the_tables_once(vigia: Vigia, settings_env: Env, postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty_one")
        settings_env(DATABASE_URL=postgres_url.rpartition("/")[0] + "/empty_one")
        assert "from nothing to version" in vigia("migrate").out
        assert "already" in vigia("migrate").out
        connection.execute("DROP DATABASE empty_one WITH (FORCE)")


def test_a_worker_does_not_start_where_redis_may_drop_queues(vigia: Vigia, settings_env: Env, redis: Redis) -> None:
    settings_env()
    redis.config_set("maxmemory-policy", "allkeys-lru")
    refused = vigia("worker")
    redis.config_set("maxmemory-policy", "noeviction")
    assert (refused.code, "noeviction" in refused.err) == (1, True)


def test_a_worker_does_not_start_without_redis(vigia: Vigia, settings_env: Env) -> None:
    settings_env(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    refused = vigia("worker")
    assert (refused.code, "REDIS_URL" in refused.err) == (1, True)


def test_a_queue_that_nobody_knows_is_told(vigia: Vigia) -> None:
    refused = vigia("worker", "--queues", "jobs:etl,jobs:typo")
    assert (refused.code, "jobs:typo" in refused.err) == (1, True)


def test_a_taken_port_is_told(vigia: Vigia, settings_env: Env) -> None:
    settings_env()
    with socket.create_server(("127.0.0.1", 0)) as other:
        refused = vigia("web", "--port", str(other.getsockname()[1]))
    assert (refused.code, "--port" in refused.err) == (1, True)


def test_a_wrong_call_ends_with_2(vigia: Vigia) -> None:
    assert vigia("user", "add", "ana", "--role", "king").code == 2
    assert vigia("nonsense").code == 2


def test_doctor_finds_everything_well(vigia: Vigia, settings_env: Env) -> None:
    settings_env(EMBEDDER="local-fast")
    well = vigia("doctor")
    assert (well.code, well.out.count("✓"), well.out.count("✗")) == (0, 7, 0)


def test_doctor_names_each_trouble_and_its_cure(vigia: Vigia, settings_env: Env, redis: Redis) -> None:
    redis.config_set("maxmemory-policy", "volatile-lru")
    settings_env(EMBEDDER="local-fast", QDRANT_URL=f"http://127.0.0.1:{free_port()}")
    ill = vigia("doctor")
    redis.config_set("maxmemory-policy", "noeviction")
    assert (ill.code, ill.out.count("✗")) == (1, 2)
    assert "noeviction" in ill.out
    assert "QDRANT_URL" in ill.out
