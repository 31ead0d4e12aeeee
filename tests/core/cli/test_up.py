"""`vigia up` for real: one home, started, used, hurt, stopped, started again."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from redis import Redis

from core.settings import Settings
from core.stack.guard import members
from core.stack.home import read_json
from core.stack.net import free_port
from tests.core.stack.test_children import gone, until
from tests.ledger_figures import lasting_differences

ROOT = Path(__file__).parents[3]
PARTS = ("postgres", "valkey", "vectors", "tables", "portal", "worker-1", "ticker", "ops")


@dataclass
class Up:
    """A home, and `vigia up` in it."""

    home: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *options: str) -> dict[str, Any]:
        """Start it and wait until it is ready; return what `stack.json` says."""
        command = vigia("up", "--home", str(self.home), "--port", "0", "--workers", "1", *options)
        process = subprocess.Popen(
            command,
            env=environment(),
            cwd=self.home.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        assert until(lambda: self.file.exists() or process.poll() is not None, 120)
        assert process.poll() is None, process.communicate()[0]
        return read_json(self.file)

    def run(self, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run another command on this home."""
        command = vigia(*arguments, "--home", str(self.home))
        return subprocess.run(
            command, env=environment(), cwd=self.home.parent, capture_output=True, text=True, check=False, **more
        )

    @property
    def file(self) -> Path:
        return self.home / "stack.json"

    def end(self) -> str:
        """Stop what runs; return all that the last start has said."""
        process = self.processes[-1]
        process.send_signal(signal.SIGINT)
        return process.communicate(timeout=60)[0]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A home under a directory that is its owner's alone, as a clone of root may be."""
    place = tmp_path_factory.mktemp("clone")
    place.chmod(0o700)
    one = Up(place / "home")
    yield one
    for process in one.processes:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.fixture(scope="module")
def stack(up: Up) -> dict[str, Any]:
    """The stack, started once for the tests of this module that do not stop it."""
    return up.start("--sample", "30")


def vigia(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "core.cli", *arguments]


def environment() -> dict[str, str]:
    """The caller's environment without settings; the small embedder starts fastest."""
    unset = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return {**kept, "PYTHONPATH": str(ROOT), "EMBEDDER": "local-fast", "COLUMNS": "200"}


def test_the_stack_tells_where_everything_is(up: Up, stack: dict[str, Any]) -> None:
    assert stat.S_IMODE(up.file.stat().st_mode) == 0o600
    assert stack["database_url"].startswith("postgresql://")
    assert Path(stack["intake_dir"]).is_dir()
    pids = stack["pids"]
    assert pids["supervisor"] == up.processes[0].pid
    assert len(pids["workers"]) == 1
    assert not any(gone(pid) for pid in (*pids["workers"], *(pid for pid in pids.values() if isinstance(pid, int))))
    with psycopg.connect(stack["database_url"]) as connection:
        assert connection.execute("SELECT count(*) FROM candidates").fetchone() == (30,)
    with Redis.from_url(stack["redis_url"]) as client:
        assert client.ping()
    assert httpx.get(f"{stack['qdrant_url']}/readyz").status_code == 200
    assert until(lambda: _is_ready(stack["ops_url"]))
    assert httpx.get(f"{stack['portal_url']}/login").status_code == 200
    authorized = {"Authorization": f"Bearer {stack['admin_token']}"}
    assert httpx.get(f"{stack['portal_url']}/v1/admin/jobs", headers=authorized).status_code == 200


def test_the_first_sync_runs_by_itself(stack: dict[str, Any]) -> None:
    def ended() -> bool:
        with psycopg.connect(stack["database_url"]) as connection:
            row = connection.execute("SELECT status, done FROM jobs").fetchone()
        return row == ("completed", 30)

    assert until(ended, 90)


def test_a_second_start_in_the_same_home_is_refused(up: Up, stack: dict[str, Any]) -> None:
    second = up.run("up", "--port", "0")
    assert (second.returncode, second.stdout) == (1, "")
    assert f"already running in {up.home}" in second.stderr
    assert "vigia down" in second.stderr
    assert read_json(up.file) == stack


def test_the_commands_reach_the_stack_of_their_home(up: Up, stack: dict[str, Any]) -> None:
    health = up.run("health")
    assert (health.returncode, health.stdout) == (0, "ready: db ok, redis ok, qdrant ok, embedder ok\n")
    token = up.run("token", "create").stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{stack['portal_url']}/v1/admin/jobs", headers=headers).status_code == 200
    sync = up.run("sync", "--wait")
    assert sync.returncode == 0, sync.stderr
    assert "completed: 0 done" in sync.stderr
    assert lasting_differences(stack["ops_url"], stack["database_url"]) == []


def test_a_killed_child_is_started_again_and_the_file_says_so(up: Up, stack: dict[str, Any]) -> None:
    def others(name: str) -> bool:
        pid = read_json(up.file).get("pids", {}).get(name)
        return pid not in (None, stack["pids"][name], [])

    for name in ("ops", "valkey"):
        os.kill(stack["pids"][name], signal.SIGKILL)
    os.kill(stack["pids"]["workers"][0], signal.SIGKILL)
    assert until(lambda: all(others(name) for name in ("ops", "valkey", "workers")))
    assert until(lambda: _is_ready(stack["ops_url"]))
    assert up.run("sync", "--wait", "--force").returncode == 0


def test_down_stops_everything_and_says_nothing_of_secrets(up: Up, stack: dict[str, Any]) -> None:
    pids = _all_pids(read_json(up.file))
    down = up.run("down")
    assert (down.returncode, down.stdout) == (0, "Stopped.\n")
    assert up.processes[0].wait(60) == 0
    assert until(lambda: all(gone(pid) for pid in pids))
    assert not up.file.exists()
    said = up.processes[0].communicate()[0]
    assert [line.removeprefix("✓ ") for line in said.splitlines() if line.startswith("✓")][:4] == list(PARTS[:4])
    assert stack["portal_url"] in said
    assert "admin" in said
    assert stack["admin_token"] not in said
    assert up.run("down").stdout.startswith("Nothing is running")


def test_data_survive_and_the_password_is_not_made_again(up: Up, stack: dict[str, Any]) -> None:
    again = up.start("--sample", "30")
    with psycopg.connect(again["database_url"]) as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM candidates), (SELECT count(*) FROM people)"
        ).fetchone()
    assert counts == (30, 1)
    assert again["admin_token"] == stack["admin_token"]
    points = httpx.post(f"{again['qdrant_url']}/collections/candidates/points/count", json={}).json()
    assert points["result"]["count"] == 30


def test_a_kill_9_leaves_no_process(up: Up) -> None:
    stack = read_json(up.file)
    with psycopg.connect(stack["database_url"]) as connection, pytest.raises(psycopg.Error):
        sessions = [pid for pid in _all_pids(stack) if pid != stack["pids"]["supervisor"]]
        everybody = {pid for session in sessions for pid in members(session)}
        assert everybody >= set(sessions)
        busy = connection.info.backend_pid
        up.processes[-1].kill()
        connection.execute("SELECT count(*) FROM generate_series(1, 10000000000)")
    assert until(lambda: all(gone(pid) for pid in {*everybody, busy}))
    assert not up.file.exists()
    up.start("--sample", "30")
    assert "password" not in up.end()


def test_a_taken_port_is_refused_with_the_cure(up: Up) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        refused = up.run("up", "--port", str(other.getsockname()[1]))
    assert refused.returncode == 1
    assert "is taken" in refused.stderr
    assert "--port" in refused.stderr


def test_a_part_that_cannot_start_is_named_with_its_last_lines(up: Up, tmp_path: Path) -> None:
    mark = up.home / "valkey" / "appendonlydir" / "appendonly.aof.manifest"
    kept = mark.read_text()
    mark.write_text("this is no manifest\n")
    failed = up.run("up", "--port", "0")
    mark.write_text(kept)
    assert failed.returncode == 1
    assert "valkey did not start" in failed.stderr
    assert "manifest" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert up.run("down").stdout.startswith("Nothing is running")


def test_a_database_that_is_given_is_used_and_not_started(up: Up, tmp_path: Path, database: str) -> None:
    other = Up(tmp_path / "other")
    unreachable = f"postgresql://nobody:secret@127.0.0.1:{free_port()}/nothing"
    for url, code in ((unreachable, 1), (database, 0)):
        process = subprocess.Popen(
            vigia("up", "--home", str(other.home), "--port", "0", "--workers", "0", "--sample", "0"),
            env={**environment(), "DATABASE_URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert until(lambda: other.file.exists() or process.poll() is not None, 120)  # noqa: B023
        if code == 0:
            stack = read_json(other.file)
            assert (stack["database_url"], stack["pids"]["postgres"]) == (database, None)
            process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[1]
        assert process.returncode == code, said
        assert "secret" not in said
        assert ("DATABASE_URL" in said) == (code == 1)


def _all_pids(stack: dict[str, Any]) -> list[int]:
    pids = stack["pids"]
    return [*pids["workers"], *(pid for pid in pids.values() if isinstance(pid, int))]


def _is_ready(ops_url: str) -> bool:
    try:
        return httpx.get(f"{ops_url}/readyz").status_code == 200
    except httpx.TransportError:
        return False
