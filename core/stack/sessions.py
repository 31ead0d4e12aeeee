"""Process sessions: each child leads one, so that all it starts can be found again, whoever their parent is by now."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator


def members(session: int) -> list[int]:
    """List the living processes of a session."""
    return [pid for pid, of in _sessions() if of == session]


def kill_session(session: int) -> None:
    """Kill what is left of a session."""
    for pid in members(session):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _sessions() -> Iterator[tuple[int, int]]:
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat") as file:
            # The name in parentheses may itself contain spaces and parentheses.
            state, _parent, _group, session, *_ = file.read().rpartition(")")[2].split()
            if state != "Z":
                yield int(name), int(session)
