"""`vigia worker` and `vigia web` stand alone on engines that somebody else runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from redis import Redis

from core.settings import Settings
from core.stack.net import free_port
from tests.core.stack.test_children import gone, until

Begin = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def begin(on_engines: Callable[..., Settings], tmp_path: Path) -> Iterator[Begin]:
    """Start `vigia …` on this test's engines; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.cli", *arguments, "--home", str(tmp_path / "home")],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def worker_pids(redis: Redis) -> set[int]:
    found = (redis.hget(key, "pid") for key in redis.smembers("rq:workers"))
    return {int(pid) for pid in found if pid is not None}


def test_workers_are_kept_alive_and_stop_when_told(begin: Begin, redis: Redis) -> None:
    workers = begin("worker", "--count", "2", "--queues", "jobs:etl")
    assert workers.stderr is not None
    assert until(lambda: len(worker_pids(redis)) == 2)
    assert any("2 at work on jobs:etl" in line for line in workers.stderr)
    first = worker_pids(redis)
    os.kill(min(first), signal.SIGKILL)
    assert until(lambda: bool(worker_pids(redis) - first))
    workers.send_signal(signal.SIGTERM)
    assert workers.wait(60) == 0
    assert all(gone(pid) for pid in worker_pids(redis) | first)


def test_the_portal_is_served_alone(begin: Begin) -> None:
    port = free_port()
    web = begin("web", "--port", str(port))

    def serves() -> bool:
        assert web.poll() is None
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    assert until(serves)
    web.send_signal(signal.SIGTERM)
    assert web.wait(60) == 0
