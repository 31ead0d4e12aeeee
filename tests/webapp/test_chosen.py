"""What is ticked over many pages, written as one word."""

from __future__ import annotations

import random

import pytest

from webapp.chosen import LONGEST, MOST, Chosen, chosen, numbers


def test_what_was_ticked_is_read_back_as_it_was_written() -> None:
    ticked = random.Random(4).sample(range(1, 10_000_000), MOST)

    word = chosen("", ticked).word

    assert chosen(word) == Chosen(tuple(sorted(ticked)))
    assert len(word) < LONGEST
    assert chosen("").word == ""


def test_ticks_of_two_pages_come_together_once() -> None:
    assert chosen(chosen("", [7, 3]).word, [7, 900]).numbers == (3, 7, 900)
    assert chosen("", [3, 7, 900]).elsewhere([7, 8]).numbers == (3, 900)


def test_more_than_an_address_carries_are_counted_and_left_out() -> None:
    many = chosen(chosen("", range(1, MOST + 1)).word, [MOST + 5, MOST + 6])
    assert (len(many), many.left_out) == (MOST, 2)


@pytest.mark.parametrize(
    "word", ["x", "1..2", ".", "-1", "1.", "ﬁ", "1" * 400, "1." * 9000 + "1", "f" * 15 + ".0" * 3000]
)
def test_a_word_that_nobody_wrote_holds_nothing_or_little(word: str) -> None:
    assert all(0 < number < 2**63 for number in chosen(word).numbers)


def test_what_is_no_number_is_passed_over() -> None:
    assert numbers(["7", "x", "-3", "²", "9" * 40, ""]) == [7]
