"""Cursors and counts."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import Invalid
from tests.webapp.factories import START
from webapp.queries import page


def test_a_cursor_is_read_back_as_it_was_written() -> None:
    assert page.read_cursor(page.write_cursor(START, 7), page.moment, page.number) == (START, 7)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "\0",
        "bnVsbA",
        page.write_cursor(1, 2),
        page.write_cursor("x"),
        page.write_cursor(10**30),
        "W1tb" * 9000,
    ],
)
def test_a_cursor_of_another_list_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(Invalid) as caught:
        page.read_cursor(cursor, page.number)
    assert "cursor" in caught.value.errors


def test_a_page_knows_which_of_the_list_it_shows() -> None:
    first = page.page_of([1, 2, 3], 2, None, lambda: page.Count(3, True), lambda n: (n,))
    assert (first.first, first.last) == (1, 2)
    assert page.read_cursor(first.next or "", page.number) == (2,)

    second = page.page_of([3], 2, first.next, lambda: page.Count(3, True), lambda n: (n,))
    assert (second.first, second.last) == (3, 3)


@pytest.mark.parametrize("cursor", [None, "", "any", "any.", "any.x", "any.-3", "any.²", "any." + "9" * 40])
def test_a_cursor_that_says_no_place_is_of_the_first_page(cursor: str | None) -> None:
    assert page.passed(cursor) == 0


def test_a_time_without_a_zone_is_no_cursor() -> None:
    with pytest.raises(Invalid):
        page.read_cursor(page.write_cursor("2026-11-21T12:00:00"), page.moment)


def test_counts_are_exact_up_to_ten_thousand_and_estimated_beyond(session: Session) -> None:
    series = func.generate_series(1, 10_000).table_valued("n").render_derived()
    assert page.count(session, select(series.c.n)) == page.Count(10_000, True)
    series = func.generate_series(1, 30_000).table_valued("n").render_derived()
    assert page.count(session, select(series.c.n)) == page.Count(30_000, False)


def test_an_estimate_never_says_less_than_was_counted(session: Session) -> None:
    series = func.generate_series(1, 30_000).table_valued("n").render_derived()
    counted = page.count(session, select(series.c.n).where(series.c.n % 1 == 0))
    assert counted.n >= 10_001
    assert not counted.exact


@pytest.mark.parametrize(("asked", "given"), [(-1, 1), (0, 1), (25, 25), (10**9, 200)])
def test_a_page_is_never_longer_than_one_answer_carries(asked: int, given: int) -> None:
    assert page.bounded(asked) == given


def test_a_list_that_ends_on_its_first_page_is_not_counted_again() -> None:
    def ask() -> page.Count:
        raise AssertionError("counted")

    made = page.page_of([1, 2], 2, None, ask, lambda n: (n,))
    assert made == page.Page((1, 2), None, 2, True)


@pytest.mark.parametrize(("rows", "cursor"), [([1, 2, 3], None), ([3], "any")])
def test_a_longer_list_is_counted(rows: list[int], cursor: str | None) -> None:
    assert page.page_of(rows, 2, cursor, lambda: page.Count(9, False), lambda n: (n,)).total == 9
