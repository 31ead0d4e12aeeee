"""Waiting for what must come true."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(true: Callable[[], object], *, seconds: float = 60, what: str = "the condition") -> None:
    """Wait until it is true, looking often; fail when it never is."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what} did not come true in {seconds} s"
        time.sleep(0.05)
