"""The bill of a run notices what must not be."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.chaos.bill import QUESTION, Bill
from tests.standins.cohere_script import Call, Fault


def call(at: float, *hashes: str, status: int = 200, fault: Fault | None = None) -> Call:
    return Call(
        at=at,
        texts=len(hashes),
        hashes=list(hashes),
        model="embed-v4.0",
        input_type="search_document",
        priority=1,
        dimension=256,
        types=["base64"],
        status=status,
        ended=at + 0.1,
        fault=fault,
    )


class Clock:
    """Stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


def bill(*calls: Call) -> Bill:
    CLOCK.now = 100.0
    return Bill(4, list(calls), clock=CLOCK)


def test_only_answers_that_were_given_are_billed() -> None:
    made = bill(call(0, "a", "b"), call(1, "b", "c"), call(2, "c", status=500, fault=Fault(status=500)))
    assert (made.inputs, made.paid_twice, made.allowed_twice) == (4, 1, 0)


def test_a_crash_allows_its_calls_in_flight_and_an_answer_of_no_use_its_batch() -> None:
    made = bill(call(0, "a", "b", fault=Fault("nan")))
    made.allow_crash(1)
    assert made.allowed_twice == 4 * 96 + 2


def test_calls_before_a_wished_pause_is_over_are_noticed() -> None:
    wish = call(10, "a", status=429, fault=Fault(status=429, retry_after="3"))
    on_its_way, early, late = call(10.3, "b"), call(12, "c"), call(13.2, "d")
    assert list(bill(wish, on_its_way, early, late).too_early()) == [(wish, early)]


@pytest.mark.parametrize(("before_the_death", "early"), [(-5, 1), (0.05, 0), (0.2, 0), (5, 1)])
def test_a_wish_that_nobody_lived_to_tell_binds_nobody(before_the_death: float, early: int) -> None:
    began = 100 - before_the_death
    made = bill(call(began, "a", status=429, fault=Fault(status=429, retry_after="3")), call(began + 2, "c"))
    made.died(1)
    assert len(list(made.too_early())) == early
    assert made.crashes == 1


@pytest.mark.parametrize(("wiped", "away", "early"), [(True, 2, ["c"]), (False, 2, ["a", "b", "c"]), (True, 6, [])])
def test_a_wish_that_redis_forgot_while_postgresql_was_away_binds_who_asks_when_it_was_told(
    wiped: bool, away: float, early: list[str]
) -> None:
    wish = call(100, "wish", status=429, fault=Fault(status=429, retry_after="20"))
    made = bill(wish, call(101, "a"), call(102.9, "b"), call(118, "c"))
    is_back = made.database_went()
    if wiped:
        CLOCK.now = 101
        made.allow_wipe()
    CLOCK.now = 100 + away
    is_back()
    assert [call.hashes[0] for _, call in made.too_early()] == early


def test_a_wish_that_came_after_its_caller_had_given_up_binds_nobody() -> None:
    wish = call(10, "a", status=429, fault=Fault(status=429, retry_after="3"))
    wish.ended = 13.1
    assert list(bill(wish, call(15, "c")).too_early()) == []


def test_texts_are_counted_in_any_minute() -> None:
    spread: Sequence[Call] = [call(float(at), "a", "b") for at in range(0, 200, 10)]
    assert bill(*spread).most_in_a_minute == 12


def test_a_text_is_paid_for_again_for_a_reason() -> None:
    made = bill(call(0, "a", "b"), call(20, "a"), call(40, "b", fault=Fault("nan")), call(60, "b"))
    assert made.paid_for_no_reason == 2


@pytest.mark.parametrize(("seconds", "count"), [(-5.0, 1), (-0.05, 0), (5.0, 1)])
def test_only_a_crash_while_it_was_paid_for_is_a_reason(seconds: float, count: int) -> None:
    made = bill(call(100 + seconds, "a"), call(160, "a"))
    made.allow_crash(1)
    assert made.paid_for_no_reason == count


@pytest.mark.parametrize(("again", "count"), [(2.0, 0), (20.0, 1)])
def test_lost_claims_are_a_reason_for_who_had_claimed_the_same_then(again: float, count: int) -> None:
    made = bill(call(100, "a"), call(100 + again, "a"))
    made.allow_wipe()
    assert made.paid_for_no_reason == count


def test_the_harmless_question_may_be_asked_again() -> None:
    made = bill(call(0, QUESTION), call(20, QUESTION), call(40, "a"))
    assert (made.paid_for_no_reason, made.inputs_of_records) == (0, 1)
