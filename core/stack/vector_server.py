"""Our vector server as a child: `core.stack.vectors` in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from core.stack.children import Program
from core.stack.environment import environment
from core.stack.net import serves


def url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def program(folder: Path, port: int, log: Path, api_key: str | None = None) -> Program:
    """Say how to run the server; with `api_key` it answers only to those who send it."""
    env = environment({"QDRANT_API_KEY": api_key or ""})
    return Program(
        name="vectors",
        command=[sys.executable, "-m", "core.stack.vectors", folder, str(port)],
        log=log,
        rank=2,
        env=env,
        ready=lambda pid: serves("/readyz", port),
    )
