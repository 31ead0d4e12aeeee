"""One measured run, the median of several, and what a process takes."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one way of working came to."""

    rows: int
    seconds: float
    cpu_seconds: float  # of the process that is measured and its children; engines and stand-in are not in it
    peak_mb: float
    calls: int
    texts: int
    points: int

    @property
    def rate(self) -> float:
        return self.rows / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU a row."""
        return self.cpu_seconds / self.rows * 1e6

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"rows_per_second": round(self.rate, 1), "cpu_us_a_row": round(self.cpu_us, 1)}


def median(runs: Sequence[Figures]) -> Figures:
    """Give the run in the middle by its rate."""
    middle = statistics.median_low([run.rate for run in runs])
    return next(run for run in runs if run.rate == middle)


def p95(some: Sequence[float]) -> float:
    """Give what 95 of 100 stay under."""
    return statistics.quantiles(some, n=20, method="inclusive")[-1] if len(some) > 1 else some[0]


def cpu_seconds(pid: int) -> float:
    """Give the CPU time of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[place]) for place in (11, 12, 13, 14)) / TICKS


def peak_mb(pid: int) -> float:
    """Give the most memory that a living process has had resident; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def family(pid: int) -> list[int]:
    """Give a process and its living children."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return [pid]
    return [pid, *map(int, children)]
