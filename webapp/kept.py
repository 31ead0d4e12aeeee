"""A value that many readers want at once, read for all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Keeps what it read for some seconds. One reader reads; those who come meanwhile wait and share."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._read: tuple[float, T] | None = None

    def get(self, read: Callable[[], T]) -> T:
        with self._lock:
            if self._read is None or time.monotonic() - self._read[0] > self._seconds:
                self._read = (time.monotonic(), read())
            return self._read[1]

    def put(self, value: T) -> T:
        """Keep what somebody has read for themselves."""
        self._read = (time.monotonic(), value)
        return value
