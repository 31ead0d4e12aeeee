"""Logs that do not fill the disk."""

from __future__ import annotations

import shutil
from pathlib import Path

MOST_BYTES = 10 << 20
KEPT = 3


def rotate(log: Path) -> bool:
    """Set a log that has grown too long aside as `.1` (`.2`, `.3`); say whether it had.

    It is copied and cut, for its writer keeps it open and appends.
    """
    if not log.exists() or log.stat().st_size < MOST_BYTES:
        return False
    for number in range(KEPT - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    with log.open("r+") as file:
        file.truncate(0)
    return True
