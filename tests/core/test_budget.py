"""How the month's money goes, foretold from its days so far."""

from __future__ import annotations

from datetime import UTC, datetime

from core.budget import foretell


def test_a_month_is_foretold_by_its_pace_so_far() -> None:
    month = foretell(30.0, "USD", 120.0, datetime(2026, 11, 11, tzinfo=UTC))

    assert round(month.foretold, 6) == 90.0
    assert (month.left, month.reached) == (90.0, None)


def test_a_budget_that_does_not_last_has_its_day() -> None:
    month = foretell(30.0, "USD", 45.0, datetime(2026, 11, 11, tzinfo=UTC))

    assert month.reached == datetime(2026, 11, 16, tzinfo=UTC)


def test_a_budget_that_is_used_up_was_reached() -> None:
    now = datetime(2026, 11, 11, tzinfo=UTC)

    month = foretell(50.0, "USD", 45.0, now)

    assert (month.left, month.reached) == (0.0, now)


def test_the_first_hour_of_a_month_is_taken_for_a_day() -> None:
    month = foretell(1.0, "USD", None, datetime(2026, 11, 1, 1, tzinfo=UTC))

    assert 30 < month.foretold < 31.5
    assert (month.left, month.reached) == (None, None)


def test_a_month_without_any_cost_reaches_nothing() -> None:
    assert foretell(0.0, "USD", 1.0, datetime(2026, 12, 31, tzinfo=UTC)).reached is None
