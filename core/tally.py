"""Counting records: what a share of a part came to, step by step."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class StepCount:
    """One step: how many records came in, passed, were not needed, failed, and the seconds that were spent on it."""

    name: str
    total: int = 0
    done: int = 0
    skipped: int = 0
    failed: int = 0
    seconds: float = 0.0

    def add(self, more: StepCount) -> None:
        self.total += more.total
        self.done += more.done
        self.skipped += more.skipped
        self.failed += more.failed
        self.seconds = round(self.seconds + more.seconds, 3)

    def row(self) -> dict[str, Any]:
        """Give it as the ledger keeps it."""
        return asdict(self)


@dataclass(slots=True)
class Tally:
    """Counters of a part or of a share of it; `records` is how many ids of the part are settled."""

    records: int = 0
    done: int = 0
    skipped: int = 0
    failed: int = 0
    steps: dict[str, StepCount] = field(default_factory=dict)

    def count(self, step: StepCount) -> None:
        """Add to one step."""
        self.steps.setdefault(step.name, StepCount(step.name)).add(step)

    def add(self, more: Tally) -> None:
        self.records += more.records
        self.done += more.done
        self.skipped += more.skipped
        self.failed += more.failed
        for step in more.steps.values():
            self.count(step)
