"""What happened and when, for whoever has to find out why."""

from __future__ import annotations

import threading
import time


class Story:
    """Sentences with their second since the beginning. Thread-safe."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._lines: list[str] = []
        self._lock = threading.Lock()

    def second_of(self, moment: float) -> float:
        """Count the seconds from the beginning to a moment of the monotonic clock."""
        return moment - self._began

    def tell(self, sentence: str) -> None:
        with self._lock:
            self._lines.append(f"{self.second_of(time.monotonic()):6.2f} s  {sentence}")

    def __str__(self) -> str:
        with self._lock:
            return "\n".join(self._lines)
