"""A worker in this process, and an ops server in one of its own, on this test's engines."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from redis import Redis

from core.settings import Settings
from core.stack.net import free_port
from tests.core.jobs.conftest import House, house
from tests.core.stack.test_children import until
from worker.work import VigiaWorker, worker_on

__all__ = ["Serve", "environment", "house", "serve", "status", "worker"]


class Serve(Protocol):
    """Starts an ops server with some settings of its own; returns its URL."""

    def __call__(self, **settings: object) -> str: ...


@pytest.fixture
def worker(redis: Redis, house: House) -> Iterator[VigiaWorker]:
    """A worker in the register, as one is that waits for a message."""
    worker = worker_on(["jobs:etl"], redis)
    worker.register_birth()
    yield worker
    worker.register_death()


@pytest.fixture
def serve(settings_env: Callable[..., Settings], tmp_path: Path) -> Iterator[Serve]:
    started: list[subprocess.Popen[bytes]] = []

    def start(**settings: object) -> str:
        port = free_port()
        settings_env(OPS_PORT=port, **settings)
        log = (tmp_path / "ops.log").open("wb")
        process = subprocess.Popen([sys.executable, "-m", "worker.ops_server"], env=environment(), stderr=log)
        log.close()
        started.append(process)
        url = f"http://127.0.0.1:{port}"
        assert until(lambda: status(f"{url}/healthz") == 200)
        return url

    yield start
    for process in started:
        process.terminate()
        assert process.wait(60) == 0


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def status(url: str, timeout: float = 5) -> int | None:
    try:
        return httpx.get(url, timeout=timeout).status_code
    except httpx.TransportError:
        return None
