"""The wish that a process ends: told by a signal, looked for and waited for by its threads."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue


class Stop:
    """Like `threading.Event`, which a signal's handler must not set: it takes a lock that the thread interrupted by the
    signal may hold, and the process hangs for ever. SimpleQueue's `put` may be called from anywhere:
    https://docs.python.org/3/library/queue.html#queue.SimpleQueue.put
    """

    def __init__(self) -> None:
        self._news: SimpleQueue[object] = SimpleQueue()

    def told_by(self, *numbers: signal.Signals) -> None:
        """Let these signals of this process set it; for the main thread only."""
        for number in numbers:
            # Not a line of Python: what traces lines, as coverage.py does, takes locks for them.
            signal.signal(number, self._news.put)  # type: ignore[arg-type]

    def set(self) -> None:
        self._news.put(None)

    def is_set(self) -> bool:
        """Say whether it is; for a moment it seems not to be while another thread that waited goes on."""
        return not self._news.empty()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is set, but not longer than so many seconds; return whether it is."""
        try:
            told = self._news.get(timeout=seconds)
        except Empty:
            return False
        self._news.put(told)  # for the next one that waits
        return True

    def then(self, act: Callable[[], None]) -> None:
        """Call this in a thread once it is set."""

        def wait_and_act() -> None:
            self.wait()
            act()

        threading.Thread(target=wait_and_act, name="stop", daemon=True).start()
