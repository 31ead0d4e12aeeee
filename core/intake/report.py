"""What an import did, and what it has to say about which line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

# A file of nothing but bad lines must not fill the memory: beyond these, remarks are only counted.
MOST_REMARKS = 10_000


class Remark(NamedTuple):
    """One sentence about one line, counted from 1; line 0 is the file as a whole. Never the line's own text."""

    line: int
    reason: str


@dataclass(slots=True)
class Remarks:
    """The first remarks, and how many there were."""

    kept: list[Remark] = field(default_factory=list)
    total: int = 0

    def add(self, line: int, reason: str) -> None:
        self.total += 1
        if len(self.kept) < MOST_REMARKS:
            self.kept.append(Remark(line, reason))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is, in bytes of the file and in people."""

    read: int
    size: int
    imported: int
    updated: int
    unchanged: int
    rejected: int


@dataclass(frozen=True, slots=True)
class ImportReport:
    """New, changed and unchanged people. `rejected` and `notes` hold the first 10,000 of their totals.

    A note is about somebody who was imported nevertheless: without a text, or with more of it than is embedded.
    """

    imported: int
    updated: int
    unchanged: int
    rejected: list[Remark]
    rejected_total: int
    notes: list[Remark]
    notes_total: int
