"""The engines keep what they were told, whoever starts them and however they end."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from redis import Redis

from core.stack import engines, postgres, valkey
from core.stack.children import Child, Program
from core.stack.errors import StartFailed
from core.stack.home import Home
from core.stack.net import free_port
from tests.core.stack.test_children import until

Run = Callable[[Program], Child]
PASSWORD = "only-for-tests"
NOBODY = 65534
ROOT = Path(__file__).parents[3]


@pytest.fixture
def run() -> Iterator[Run]:
    children: list[Child] = []

    def start(program: Program) -> Child:
        child = Child(program)
        children.append(child)
        child.start()
        child.wait_ready()
        return child

    yield start
    for child in children:
        child.ask_to_stop()
        child.wait_stopped()


def test_only_engines_without_a_url_are_started(tmp_path: Path) -> None:
    home = Home(tmp_path)
    given = {"DATABASE_URL": "postgresql://elsewhere/db", "QDRANT_URL": "http://elsewhere", "COHERE_API_KEY": "x"}
    planned = engines.plan(home, given)
    assert [program.name for program in planned.programs] == ["valkey"]
    assert planned.urls["DATABASE_URL"] == "postgresql://elsewhere/db"
    assert planned.urls["REDIS_URL"].startswith("redis://:")


def test_valkey_keeps_what_it_acknowledged_and_drops_nothing(run: Run, tmp_path: Path) -> None:
    port = free_port()
    program = valkey.program(tmp_path / "a folder", port, PASSWORD, tmp_path / "valkey.log")
    child = run(program)
    client = Redis.from_url(valkey.url(port, PASSWORD))
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    client.rpush("queue", "kept")
    child.send(signal.SIGKILL)
    assert until(lambda: not child.alive)
    child.start()
    child.wait_ready()
    assert client.lrange("queue", 0, -1) == [b"kept"]
    client.close()
    assert PASSWORD not in " ".join(map(str, program.command))


def test_postgres_survives_kill_9_with_a_busy_backend(run: Run, tmp_path: Path) -> None:
    port, place = free_port(), postgres.choose_place(tmp_path)
    postgres.prepare(place, PASSWORD)
    child = run(postgres.program(place, port, PASSWORD, tmp_path / "postgres.log"))
    url = postgres.url(port, PASSWORD)
    postgres.ensure_database(url)
    postgres.ensure_database(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    busy = threading.Thread(target=_keep_busy, args=(url,))
    busy.start()
    assert until(lambda: _is_busy(url))
    child.send(signal.SIGKILL)
    assert until(lambda: not child.alive)
    child.start()
    child.wait_ready()
    busy.join()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)


def test_a_mark_that_names_a_strangers_process_does_not_stop_the_start(run: Run, tmp_path: Path) -> None:
    port, place = free_port(), postgres.choose_place(tmp_path)
    postgres.prepare(place, PASSWORD)
    (place.data / "postmaster.pid").write_text(f"{os.getppid()}\n{place.data}\n1\n{port}\n\n127.0.0.1\n")
    run(postgres.program(place, port, PASSWORD, tmp_path / "postgres.log"))


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    place = postgres.choose_place(tmp_path)
    (place.data / "not-empty").mkdir(parents=True)
    with pytest.raises(StartFailed, match="not empty"):
        postgres.prepare(place, PASSWORD)


START = """
import sys
from pathlib import Path
from core.stack import postgres
from core.stack.children import Child
from core.stack.net import free_port
if sys.argv[2] == "without namespaces":
    runs = postgres._runs
    postgres._runs = lambda command, identity: identity != "namespace" and runs(command, identity)
    postgres.FALLBACK = Path(sys.argv[3])
place, port = postgres.choose_place(Path(sys.argv[1])), free_port()
postgres.prepare(place, "only-for-tests")
child = Child(postgres.program(place, port, "only-for-tests", Path(sys.argv[1]) / "postgres.log"))
child.start()
child.wait_ready()
postgres.ensure_database(postgres.url(port, "only-for-tests"))
child.ask_to_stop()
child.wait_stopped()
print(place.identity, place.data, child.returncode)
"""


def start_as(home: Path, *arguments: str, python: str = sys.executable, **options: Any) -> list[str]:
    """Start and stop PostgreSQL in a process of its own; return what it says of itself."""
    command = [python, "-c", START, str(home), *(arguments or ("",))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return str(done.stdout).split()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a home that nobody reaches")
def test_root_starts_it_in_a_home_that_nobody_else_reaches(tmp_path: Path) -> None:
    home = tmp_path / "closed" / "home"
    home.mkdir(parents=True)
    home.parent.chmod(0o700)
    identity, data, code = start_as(home)
    assert (identity, code) == ("namespace", "0")
    assert data == str(home / "postgres")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user")
def test_root_without_namespaces_gives_it_a_place_of_its_own(tmp_path: Path) -> None:
    home, fallback = tmp_path / "closed" / "home", Path(f"/tmp/vigia-fallback-{os.getpid()}")
    home.mkdir(parents=True)
    home.parent.chmod(0o700)
    try:
        # The strictest umask: others must reach the place all the same.
        identity, data, code = start_as(home, "without namespaces", str(fallback), umask=0o077)
        assert identity == f"{pwd.getpwnam('nobody').pw_uid}:{pwd.getpwnam('nobody').pw_gid}"
        assert (data.startswith(str(fallback)), code) == (True, "0")
        assert start_as(home, "without namespaces", str(fallback))[1:] == [data, "0"]
    finally:
        shutil.rmtree(fallback, ignore_errors=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user is what we are already")
def test_an_ordinary_user_starts_it_as_himself() -> None:
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(pytest.__file__).parents[1])]),
    }
    who: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "env": environment, "cwd": "/"}
    python = next((path for path in (sys.executable, "/usr/bin/python3") if _reaches(path, who)), None)
    if python is None:
        pytest.skip("an ordinary user reaches neither this interpreter nor another of its version")
    home = Path(f"/tmp/vigia-ordinary-{os.getpid()}")
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    try:
        identity, _, code = start_as(home, python=python, **who)
        assert (identity, code) == ("same", "0")
    finally:
        shutil.rmtree(home)


def _reaches(python: str, who: dict[str, Any]) -> bool:
    try:
        done = subprocess.run([python, "-c", "import psycopg, core"], capture_output=True, check=False, **who)
    except OSError:
        return False
    return done.returncode == 0


def _keep_busy(url: str) -> None:
    with pytest.raises(psycopg.Error), psycopg.connect(url, application_name="busy") as connection:
        connection.execute("SELECT count(*) FROM generate_series(1, 10000000000)")


def _is_busy(url: str) -> bool:
    query = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'busy' AND state = 'active'"
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchone() is not None
