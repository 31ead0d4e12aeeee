"""Sessions of processes, and the guard that ends them when the supervisor is killed.

Each child leads a session of its own, so all that it starts is found again, whoever is the parent by now. Also a
script, which reads lines `PID=SIGNAL PID=SIGNAL …` (the sessions that live now, and how each likes to end) from its
standard input until the supervisor is gone, then removes the named files, which say that all is well:

    python -I -S guard.py FILE …
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PATIENCE = 5.0  # seconds for those that may end by themselves


def members(session: int) -> list[int]:
    """List the living processes of a session."""
    return [pid for pid, of in _sessions() if of == session]


def kill_session(session: int) -> None:
    """Kill what is left of a session."""
    for pid in members(session):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Guard:
    """The guard's process, as the supervisor holds it.

    `keep` are file descriptors it holds open until all is over, `remove` the files to remove when we are killed.
    """

    def __init__(self, *, keep: Sequence[int] = (), remove: Sequence[Path] = ()) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, *map(str, remove)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=tuple(keep),
        )

    def watch(self, sessions: Mapping[int, signal.Signals]) -> None:
        """Tell it which sessions there are now."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # somebody killed the guard: nothing to be done about it
            self._process.stdin.write(
                " ".join(f"{pid}={int(signum)}" for pid, signum in sessions.items()).encode() + b"\n"
            )
            self._process.stdin.flush()

    def dismiss(self) -> None:
        """Let it go: what it guards now is ended by it."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)  # it ends with the supervisor and not before
    last = (sys.stdin.read().splitlines() or [""])[-1]
    known = {int(pid): int(signum) for pid, signum in (word.split("=") for word in last.split())}
    for name in sys.argv[1:]:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
    for pid, signum in known.items():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signum)
    gentle = [pid for pid, signum in known.items() if signum != signal.SIGKILL]
    for pid in known.keys() - set(gentle):
        kill_session(pid)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(members(pid) for pid in gentle):
        time.sleep(0.02)
    for pid in gentle:
        kill_session(pid)


def _sessions() -> Iterator[tuple[int, int]]:
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat") as file:
            # The name in parentheses may itself contain spaces and parentheses.
            state, _parent, _group, session, *_ = file.read().rpartition(")")[2].split()
            if state != "Z":
                yield int(name), int(session)


if __name__ == "__main__":
    main()
