"""How many records a part has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.jobs.split import MOST_PARTS, size_of


@pytest.mark.parametrize(
    ("total", "most", "call", "size"),
    [
        (100, 9600, 96, 480),
        (10_000, 9600, 96, 2592),
        (10_000, 9600, 95, 2565),  # 2,000 texts a minute are 95 in a call: 27 of them, none of 91
        (100_000, 9600, 95, 9690),
        (1_000_000, 9600, 95, 15_675),
        (100, 9600, 32, 480),
    ],
)
def test_a_part_is_a_share_of_the_job_and_a_whole_number_of_calls(total: int, most: int, call: int, size: int) -> None:
    assert size_of(total, most, call) == size


@given(st.integers(0, 5_000_000), st.integers(96, 20_000), st.integers(1, 96))
def test_a_job_never_has_more_parts_than_the_most(total: int, most: int, call: int) -> None:
    size = size_of(total, most, call)

    assert size % call == 0
    assert -(-total // size) <= MOST_PARTS
