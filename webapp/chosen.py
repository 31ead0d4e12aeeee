"""What somebody has ticked in a list, over all its pages: it lives in the address and in the form, nowhere else."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from webapp.formatting import number
from webapp.i18n import gettext as _

# More would not fit into an address; who wants more takes all that match.
MOST = 1_000
LONGEST = 7_000  # characters of the word
WORD = re.compile(r"[0-9a-f]{1,15}(\.[0-9a-f]{1,15})*")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The numbers of what is ticked, ascending; `left_out` were ticked beyond the most that one can carry."""

    numbers: tuple[int, ...] = ()
    left_out: int = 0

    def __contains__(self, one: int) -> bool:
        return one in self.numbers

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def word(self) -> str:
        """Write them as one short word: each by its distance from the one before."""
        before = (0, *self.numbers)
        return ".".join(f"{after - last:x}" for last, after in zip(before, self.numbers, strict=False))

    def elsewhere(self, here: Collection[int]) -> Chosen:
        """Leave out those of this page: there the boxes themselves say whether they are ticked."""
        return Chosen(tuple(one for one in self.numbers if one not in here))


def chosen(word: str, ticked: Iterable[int] = (), most: int = MOST) -> Chosen:
    """Put together what was carried from other pages and what is ticked on this one."""
    every = sorted({*_read(word), *ticked})
    return Chosen(tuple(every[:most]), max(len(every) - most, 0))


def too_many() -> str:
    """Say what becomes of ticks beyond the most that one can carry."""
    return _("At most %(n)s can be ticked; the rest was left out. Take all that match instead.", n=number(MOST))


def numbers(given: Sequence[str]) -> list[int]:
    """Read the numbers of ticked boxes; what is none is passed over."""
    return [int(text) for text in given if text.isascii() and text.isdigit() and len(text) < 19]


def _read(word: str) -> list[int]:
    """Read the numbers back; a word that we never wrote holds none."""
    if len(word) > LONGEST or not WORD.fullmatch(word):
        return []
    return [one for one in accumulate(int(step, 16) for step in word.split(".")) if 0 < one < 2**63]
