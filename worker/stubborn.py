"""Patience with a database that restarts."""

from __future__ import annotations

import time
from collections.abc import Callable

from worker.away import DATABASE_AWAY

PAUSE_SECONDS = 0.25


def stubborn(act: Callable[[], None], *, seconds: float) -> None:
    """Do it, again and again while the database does not answer, for so many seconds; then let the error out."""
    end = time.monotonic() + seconds
    while True:
        try:
            return act()
        except DATABASE_AWAY:
            if time.monotonic() > end:
                raise
            time.sleep(PAUSE_SECONDS)
