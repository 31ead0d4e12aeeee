"""The bill of a run notices what must not be."""

from __future__ import annotations

from collections.abc import Sequence

from tests.chaos.bill import Bill
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


def bill(*calls: Call) -> Bill:
    return Bill(4, list(calls))


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
    assert [round(seconds, 1) for seconds in bill(wish, on_its_way, early, late).too_early()] == [1.1]


def test_texts_are_counted_in_any_minute() -> None:
    spread: Sequence[Call] = [call(float(at), "a", "b") for at in range(0, 200, 10)]
    assert bill(*spread).most_in_a_minute == 12
