"""What the collector of garbage walks, and how often."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from webapp import garbage


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    """Leave the collector of this process as it was."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_is_loaded_is_not_walked_and_all_else_seldom() -> None:
    young, middle, _ = gc.get_threshold()
    loaded: list[object] = [[]]
    garbage.spare_what_stays()
    assert all(one is not loaded for one in gc.get_objects())
    assert gc.get_threshold() == (young, middle, garbage.FULL)
