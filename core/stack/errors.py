"""What can go wrong while the stack starts."""

from __future__ import annotations

from pathlib import Path

from core.errors import AppError

LAST_LINES = 15


class StartFailed(AppError):
    """A part of the stack did not start; the text names it and quotes the end of its log."""

    code = "start_failed"

    def __init__(self, name: str, what: str, log: Path | None = None) -> None:
        lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:] if log and log.exists() else []
        tail = "".join(f"\n  | {line}" for line in lines)
        where = f"\nThe end of {log}:{tail}" if lines else ""
        super().__init__(f"{name} did not start: it {what}.{where}")
        self.part = name
