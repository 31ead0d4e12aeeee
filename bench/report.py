"""Tables for people and files for later."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results")


def machine() -> dict[str, Any]:
    """Describe the machine, without its name."""
    processor = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "processor": processor,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / 1024 / 1024, 1),
        "python": platform.python_version(),
        "system": platform.system(),
        "load_before": os.getloadavg()[0],
    }


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Draw a table in Markdown, which reads as well on a terminal."""
    widths = [max(len(line[n]) for line in (head, *rows)) for n in range(len(head))]
    lines = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in (head, *rows)]
    drawn = ["| " + " | ".join(line) + " |" for line in lines]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([drawn[0], rule, *drawn[1:]])


def save(name: str, about: Mapping[str, Any], text: str) -> Path:
    """Write the figures as JSON and the table as Markdown; return where."""
    RESULTS.mkdir(exist_ok=True)
    today = datetime.now(UTC).date().isoformat()
    place = RESULTS / f"{today}-{name}.md"
    place.write_text(text + "\n")
    place.with_suffix(".json").write_text(json.dumps(about, indent=2) + "\n")
    return place


def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text().splitlines()
    except OSError:
        return []
