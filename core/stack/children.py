"""A program that runs for as long as we do."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from core.stack.errors import StartFailed
from core.stack.guard import kill_session

SHIM = Path(__file__).with_name("shim.py")
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to start and how it wants to be stopped."""

    name: str
    command: Sequence[str | Path]
    log: Path | None  # None: it writes where we write
    rank: int = 0  # those of a higher rank stop first
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path | None = None
    stop: signal.Signals = signal.SIGTERM
    orphaned: signal.Signals = signal.SIGKILL  # what it gets when we die without stopping it
    grace: float = 10.0  # seconds it may take to stop
    identity: str = "same"  # as the shim knows them
    prepare: Callable[[], None] = lambda: None  # before each start
    ready: Callable[[int], bool] = lambda pid: True
    patience: float = 120.0  # seconds it may take to be ready, on a busy machine


class Child:
    """One program and its present process, in a session of its own. Start from the main thread only:
    the kernel takes the death of the thread that started it for the death of the parent."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.program.name} was never started"
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def returncode(self) -> int | None:
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start it; what an earlier process of it left behind is killed first."""
        if self._process is not None:
            kill_session(self._process.pid)
            self._process.wait()
        program = self.program
        program.prepare()
        with _appending(program.log) as output:
            self._process = subprocess.Popen(
                shimmed(program.command, program.identity, program.orphaned),
                env=dict(program.env),
                cwd=program.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
            )

    def wait_ready(self) -> None:
        """Wait until it serves; raise StartFailed with the end of its log when it died or took too long."""
        program = self.program
        deadline = time.monotonic() + program.patience
        while not (self.alive and program.ready(self.pid)):
            if not self.alive:
                raise StartFailed(program.name, f"ended with code {self.returncode}", program.log)
            if time.monotonic() > deadline:
                raise StartFailed(program.name, f"was not ready after {program.patience:.0f} s", program.log)
            time.sleep(POLL_SECONDS)

    def send(self, signum: signal.Signals) -> None:
        """Signal it, if it still lives."""
        if self._process is not None and self.alive:
            self._process.send_signal(signum)

    def ask_to_stop(self) -> None:
        self.send(self.program.stop)

    def wait_stopped(self, seconds: float | None = None) -> None:
        """Wait for the end, kill it when it is late, and kill what it left behind."""
        if self._process is None:
            return
        try:
            self._process.wait(self.program.grace if seconds is None else seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        kill_session(self._process.pid)


def shimmed(command: Sequence[str | Path], identity: str = "same", orphaned: int = signal.SIGKILL) -> list[str]:
    """Put the shim before a command."""
    head = [sys.executable, "-I", "-S", str(SHIM), str(int(orphaned)), str(os.getpid()), identity, "--"]
    return head + [str(word) for word in command]


@contextlib.contextmanager
def _appending(log: Path | None) -> Iterator[IO[bytes] | None]:
    if log is None:
        yield None
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        yield file
