"""Our own processes of one run: workers, ticker, ops server, portal. Who dies is started again, always soon.

The stack's supervisor waits longer with each death; here deaths are the daily bread.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

from core.stack import processes
from core.stack.children import Child, Program
from core.stack.environment import environment
from core.stack.net import free_port

WORKERS = 3
PAUSE_SECONDS = 0.5
GRACE_SECONDS = 10.0  # more than the stack gives them: the machine may be busy with other tests


class Crew:
    """For the main thread only."""

    def __init__(self, settings: Mapping[str, str], home: Path) -> None:
        self._env = environment(settings)
        self._logs = home / "logs"
        self.portal_port, self.ops_port = free_port(), free_port()
        self._children = {program.name: Child(program) for program in self._programs()}
        self._again_at: dict[str, float] = {}

    def _programs(self) -> Iterable[Program]:
        env, log = self._env, self._logs
        for n in range(1, WORKERS + 1):
            yield processes.worker(env, n, env["REDIS_URL"], (), log / f"worker-{n}.log", grace=10.0)
        yield processes.ticker(env, log / "ticker.log")
        yield processes.ops(env, "127.0.0.1", self.ops_port, log / "ops.log")
        yield processes.portal(env, "127.0.0.1", self.portal_port, log / "portal.log")

    @property
    def workers(self) -> list[str]:
        return [name for name in self._children if name.startswith("worker-")]

    def start(self) -> None:
        for child in self._children.values():
            child.start()
        for child in self._children.values():
            child.wait_ready()

    def look(self) -> None:
        """Start again who has died, after a short pause."""
        for name, child in self._children.items():
            if child.alive:
                continue
            due = self._again_at.setdefault(name, time.monotonic() + PAUSE_SECONDS)
            if time.monotonic() >= due:
                del self._again_at[name]
                child.start()

    def send(self, name: str, how: signal.Signals) -> None:
        self._children[name].send(how)

    def is_of(self, worker: str, holder: str) -> bool:
        """Say whether the holder of a part is this worker: its name is of machine, process and chance."""
        return holder.split("-")[-2] == str(self._children[worker].pid)

    def horses(self, worker: str) -> list[int]:
        """Name the processes of the parts that a worker has forked."""
        child = self._children[worker]
        if not child.alive:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            return [horse.pid for horse in psutil.Process(child.pid).children()]
        return []

    def stop(self) -> list[str]:
        """Ask everybody to stop; name those that did not soon."""
        for child in self._children.values():
            child.ask_to_stop()
        late = []
        for name, child in self._children.items():
            deadline = time.monotonic() + GRACE_SECONDS
            while child.alive and time.monotonic() < deadline:
                time.sleep(0.02)
            if child.alive:
                late.append(name)
            child.wait_stopped(0)
        return late


def signal_all(pids: Iterable[int], how: signal.Signals) -> None:
    """Signal processes, those that are still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
