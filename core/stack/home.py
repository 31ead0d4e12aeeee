"""The folder in which a stack keeps what it needs, and the file that tells others where it is."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import Refused

LEFTOVERS_SECONDS = 8.0  # how long the guard of a killed supervisor may hold the lock


class Home:
    """`postgres/ valkey/ vectors/ intake/ logs/ secrets.json stack.json lock`; for its owner's eyes only."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.stack_file = self.path / "stack.json"
        self._lock_file = self.path / "lock"
        self._secrets_file = self.path / "secrets.json"

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def make(self) -> None:
        """Make the folder and the places in it; whatever this process and its children write is the owner's alone."""
        os.umask(0o077)
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("intake", "logs"):
            (self.path / name).mkdir(exist_ok=True)

    @contextlib.contextmanager
    def locked(self) -> Iterator[int]:
        """Hold the home for this process alone; raise Refused when another one does. Yields the lock's descriptor."""
        with self._lock_file.open("a+") as file:
            self._take(file.fileno())
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield file.fileno()
            file.truncate(0)

    def holder(self) -> int | None:
        """Return the id of the process that holds the home; None when nobody does."""
        try:
            with self._lock_file.open("r+") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(file.read() or 0) or None
        except FileNotFoundError:
            pass
        return None

    def secret(self, name: str) -> str:
        """Return a secret of this home, made when it is first asked for."""
        known = read_json(self._secrets_file)
        if name not in known:
            known[name] = secrets.token_urlsafe(32)
            write_json(self._secrets_file, known)
        return str(known[name])

    def keep_secret(self, name: str, value: str) -> None:
        write_json(self._secrets_file, read_json(self._secrets_file) | {name: value})

    def kept_secret(self, name: str) -> str | None:
        """Return a secret of this home, or None when there is none of this name."""
        value = read_json(self._secrets_file).get(name)
        return None if value is None else str(value)

    def _take(self, descriptor: int) -> None:
        deadline = time.monotonic() + LEFTOVERS_SECONDS
        while True:
            try:
                return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = int(self._lock_file.read_text() or 0)
                # Without a living holder it is the guard of a killed one, still clearing up, or somebody who only asks.
                if time.monotonic() > deadline or (holder and _alive(holder)):
                    raise Refused(
                        f"a stack is already running in {self.path} (process {holder}). "
                        f"Stop it with `vigia down --home {self.path}`, or give another --home."
                    ) from None
                time.sleep(0.05)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; nothing there is an empty one."""
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return dict(found)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace a file of ours at once, readable by us alone."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file, indent=2)
        file.write("\n")
    scratch.replace(path)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
