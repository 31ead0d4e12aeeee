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

    def tell(self, sentence: str) -> None:
        with self._lock:
            self._lines.append(f"{time.monotonic() - self._began:6.2f} s  {sentence}")

    def __str__(self) -> str:
        with self._lock:
            return "\n".join(self._lines)
