"""The ops server tells how things are, within a second, whatever hangs."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from core.adapters.redis_gate import gate_of
from core.errors import GiveUp
from core.settings import Settings, settings
from core.stack import valkey
from core.stack.children import Child
from core.stack.net import free_port
from tests.core.stack.test_children import until
from tests.worker.conftest import Serve, environment, status

PASSWORD = "only-for-tests"
COHERE = {"EMBEDDER": "cohere", "COHERE_API_KEY": "only-for-tests", "COHERE_BASE_URL": "http://127.0.0.1:1"}


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Child]:
    """A Valkey that this test may stop and freeze; its URL is in `program.env`."""
    port = free_port()
    program = valkey.program(tmp_path / "valkey", port, PASSWORD, tmp_path / "valkey.log")
    child = Child(program)
    child.start()
    child.wait_ready()
    child.url = valkey.url(port, PASSWORD)  # type: ignore[attr-defined]
    yield child
    child.send(signal.SIGCONT)
    child.ask_to_stop()
    child.wait_stopped()


def well(url: str, name: str) -> bool:
    """Say whether a dependency is told to be well."""
    return bool(httpx.get(f"{url}/readyz").json()[name]["ok"])


def test_all_is_well(serve: Serve) -> None:
    url = serve()
    assert until(lambda: status(f"{url}/readyz") == 200)
    answer = httpx.get(f"{url}/readyz")
    told: dict[str, Any] = answer.json()
    assert (answer.status_code, told.pop("status")) == (200, "ready")
    assert sorted(told) == ["db", "embedder", "qdrant", "redis"]
    assert all((check["ok"], check["error"]) == (True, None) for check in told.values())
    assert all(0 <= check["age"] < 30 for check in told.values())


def test_it_is_alive_but_not_ready_without_redis(serve: Serve, own_redis: Child) -> None:
    url = serve(REDIS_URL=own_redis.url)  # type: ignore[attr-defined]
    assert until(lambda: status(f"{url}/readyz") == 200)
    own_redis.send(signal.SIGKILL)
    assert until(lambda: well(url, "db") and not well(url, "redis"))
    answer = httpx.get(f"{url}/readyz")
    assert answer.status_code == 503
    assert answer.json()["redis"]["error"]
    assert httpx.get(f"{url}/healthz").status_code == 200
    own_redis.start()
    own_redis.wait_ready()
    assert until(lambda: status(f"{url}/readyz") == 200)


def test_a_redis_that_hangs_makes_nobody_wait(serve: Serve, own_redis: Child) -> None:
    url = serve(REDIS_URL=own_redis.url)  # type: ignore[attr-defined]
    own_redis.send(signal.SIGSTOP)
    assert until(lambda: status(f"{url}/readyz") == 503)
    own_redis.send(signal.SIGCONT)
    assert until(lambda: status(f"{url}/readyz") == 200)


def test_without_a_database_it_is_not_ready_and_tells_no_password(serve: Serve) -> None:
    url = serve(DATABASE_URL=f"postgresql://vigia:a-secret@127.0.0.1:{free_port()}/vigia")
    answer = httpx.get(f"{url}/readyz")
    assert answer.status_code == 503
    assert answer.json()["db"]["ok"] is False
    assert "a-secret" not in answer.text


def test_jobs_wait_for_qdrant_so_it_is_ready_without(serve: Serve) -> None:
    url = serve(QDRANT_URL=f"http://127.0.0.1:{free_port()}")
    assert until(lambda: status(f"{url}/readyz") == 200)
    assert not well(url, "qdrant")


@pytest.fixture
def mute() -> Iterator[int]:
    """The port of somebody who takes calls and never answers, as a frozen engine does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_whatever_hangs_it_answers_and_names_it(serve: Serve, mute: int) -> None:
    url = serve(
        DATABASE_URL=f"postgresql://vigia@127.0.0.1:{mute}/vigia",
        REDIS_URL=f"redis://127.0.0.1:{mute}/0",
        QDRANT_URL=f"http://127.0.0.1:{mute}",
        **COHERE,
    )
    answer = httpx.get(f"{url}/readyz", timeout=10)
    told = answer.json()
    assert answer.status_code == 503
    assert {name: told[name]["error"] for name in ("db", "redis", "qdrant", "embedder")} == dict.fromkeys(
        ("db", "redis", "qdrant", "embedder"), "does not answer"
    )
    assert status(f"{url}/healthz", timeout=10) == 200


def test_a_refused_key_makes_it_not_ready_and_the_cure_is_said(serve: Serve, redis: Redis) -> None:
    url = serve(**COHERE)
    assert until(lambda: status(f"{url}/readyz") == 200)
    gate = gate_of(settings(), redis)
    assert gate is not None
    gate.leave(True, refusal=GiveUp("put a valid one into COHERE_API_KEY", code="cohere_key_refused"))
    assert until(lambda: well(url, "db") and well(url, "redis") and not well(url, "embedder"))
    told = httpx.get(f"{url}/readyz").json()
    assert "put a valid one into COHERE_API_KEY [refused at " in told["embedder"]["error"]
    gate.leave(True, accepted=True)
    assert until(lambda: status(f"{url}/readyz") == 200)


def test_it_serves_nothing_else(serve: Serve) -> None:
    url = serve()
    assert httpx.get(f"{url}/").status_code == 404
    assert httpx.post(f"{url}/healthz").status_code == 501
    assert httpx.head(f"{url}/healthz").content == b""


def test_a_taken_port_is_told_and_ends_it(settings_env: Callable[..., Settings], qdrant_url: str) -> None:
    settings_env(OPS_PORT=qdrant_url.rpartition(":")[2])
    done = subprocess.run(
        [sys.executable, "-m", "worker.ops_server"], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "OPS_PORT" in done.stderr
    assert "Traceback" not in done.stderr
