"""What many readers poll, drawn once for all who would see the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from flask import g

MOST = 256
WAIT_SECONDS = 1.0  # for another's drawing; then each draws for themselves


@dataclass(slots=True)
class Drawing:
    """One drawing: `text` is None until it is drawn, and for good where it holds something of its reader's own."""

    drawing: threading.Lock = field(default_factory=threading.Lock)
    text: str | None = None
    own: bool = False


class Drawings:
    """Keeps the last drawings by what they depend on."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Drawing] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, draw: Callable[[], str]) -> str:
        """Give the drawing of this key; the first who asks draws, those who come meanwhile wait and share."""
        kept = self._of(key)
        mine = kept.text is None and not kept.own and kept.drawing.acquire(timeout=WAIT_SECONDS)
        try:
            return kept.text if kept.text is not None else self._draw(kept, draw)
        finally:
            if mine:
                kept.drawing.release()

    def _draw(self, kept: Drawing, draw: Callable[[], str]) -> str:
        text = draw()
        # A form's token is its reader's own; Flask-WTF leaves it here when it makes one.
        kept.own = "csrf_token" in g
        kept.text = None if kept.own else text
        return text

    def _of(self, key: Hashable) -> Drawing:
        with self._lock:
            kept = self._kept.setdefault(key, Drawing())
            self._kept.move_to_end(key)
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
            return kept
