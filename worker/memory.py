"""How much memory a process has, by what Linux says of it."""

from __future__ import annotations

import re
from pathlib import Path


def resident(pid: int) -> int | None:
    """Return the bytes of a process that are in memory, shared ones too; None when it is gone, or not on Linux."""
    try:
        found = re.search(r"^VmRSS:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
