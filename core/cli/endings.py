"""The signals that end a command in the foreground."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def endings_raise() -> Iterator[None]:
    """Make each of them a KeyboardInterrupt, so that all is stopped in order."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _on_endings(interrupt):
        yield


@contextmanager
def endings_ignored() -> Iterator[None]:
    """Let nothing cut the stopping short."""
    with _on_endings(signal.SIG_IGN):
        yield


@contextmanager
def _on_endings(action: Callable[[int, FrameType | None], Any] | signal.Handlers) -> Iterator[None]:
    before = {signum: signal.signal(signum, action) for signum in ENDINGS}
    try:
        yield
    finally:
        for signum, old in before.items():
            signal.signal(signum, old)
