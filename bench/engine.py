"""The embedded vector engine by itself: what a search and a write take there, whom it misses, what it needs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bench.figures import family, p95
from bench.vectors import vectors_of
from core.container import Container
from core.ports import Collection

BEST = 10
HEAD = (
    "points",
    "p50 ms",
    "p95 ms",
    "exact p50",
    f"of the best {BEST} found",
    "256 written, ms",
    "slowest",
    "MB",
    "MB of files",
)


def look(own: Container, collection: Collection, size: int, written: Sequence[float], folder: Path) -> list[str]:
    """Ask the engine alone, by its copies and by all vectors; give what it takes, and how many of the best it finds."""
    with httpx.Client(base_url=own.settings.qdrant_url, timeout=60) as http:
        answers = [
            [_best(http, collection.name, asked, exact) for exact in (False, True)] for asked in vectors_of(0, 50)
        ]
    quick, exact = ([answer[n][1] for answer in answers] for n in (0, 1))
    found = sum(len(some[0][0] & some[1][0]) for some in answers) / BEST / len(answers)
    written = list(written) or [0.0]
    return [
        f"{size:,}",
        f"{median(quick):,.1f}",
        f"{p95(quick):,.1f}",
        f"{median(exact):,.1f}",
        f"{found:.1%}",
        f"{median(written):,.0f}",
        f"{max(written):,.0f}",
        _resident(),
        f"{sum(file.stat().st_blocks for file in (folder / 'vectors').rglob('*')) * 512 / 1e6:,.0f}",
    ]


def _best(http: httpx.Client, name: str, asked: Any, exact: bool) -> tuple[set[str], float]:
    """Give the ids of the best, and the milliseconds that the engine says."""
    body = {"query": asked.tolist(), "limit": BEST, "params": {"exact": exact}}
    answer = http.post(f"/collections/{name}/points/query", json=body).json()
    return {point["id"] for point in answer["result"]["points"]}, answer["time"] * 1000


def _resident() -> str:
    """Give the engine's own memory, and what it has of its files in the machine's, in MB."""
    for pid in family(os.getpid()):
        if b"core.stack.vectors" in Path(f"/proc/{pid}/cmdline").read_bytes():
            # Not the resident size: it counts a page twice that is mapped twice, as those of the vectors are.
            fields = map(str.split, Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
            pss = {name: int(kb) / 1024 for name, kb, _ in fields}
            return f"{pss['Pss_Anon:']:,.0f} + {pss['Pss_File:']:,.0f}"
    return ""
