"""Chance that falls the same on every machine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Throws that depend on the seed alone.

    Only `random()` is promised to stay the same from one Python to the next, so all else is made of it.
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def number(self, least: int, most: int) -> int:
        """Return a number from `least` to `most`, both included."""
        return least + int(self._random() * (most - least + 1))

    def one_of(self, things: Sequence[T]) -> T:
        return things[int(self._random() * len(things))]

    def some_of(self, things: Sequence[T], count: int) -> list[T]:
        """Return `count` different things in random order; all of them when there are fewer."""
        left = list(things)
        return [left.pop(int(self._random() * len(left))) for _ in range(min(count, len(left)))]

    def happens(self, share: float) -> bool:
        return self._random() < share
