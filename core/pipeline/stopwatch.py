"""What the time goes into, step by step: from it the slowest step of a job is named."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Adds up seconds by step. Thread-safe: what threads spend side by side counts for each, waits for a turn too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: dict[str, float] = defaultdict(float)

    @contextmanager
    def over(self, step: str) -> Iterator[None]:
        """Time what is done inside, also when it fails."""
        began = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._spent[step] += time.monotonic() - began

    def drain(self) -> dict[str, float]:
        """Give what was spent since the last time."""
        with self._lock:
            spent, self._spent = self._spent, defaultdict(float)
        return dict(spent)
