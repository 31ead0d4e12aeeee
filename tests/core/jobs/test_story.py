"""A job's story: every hand-over, recovery and back-off, and nothing of a job that runs smoothly."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import func, select, update

from core.errors import TryAgain, waits
from core.jobs import job_end, ledger, part_end
from core.jobs.backoff import Backoff, again
from core.jobs.reconcile import wake
from core.jobs.recover import recover
from core.models import Failure, JobEvent, Part
from tests.core.jobs.conftest import House
from tests.factories import people

NOON = datetime(2026, 11, 22, 12, 4, 10, tzinfo=UTC)


@pytest.fixture
def job_id(house: House) -> uuid.UUID:
    with house.sessions.begin() as session:
        people(session, 200)
    launched = house.launch().job_id
    house.split(launched)
    return launched


def story(house: House, job_id: uuid.UUID) -> list[tuple[str, int | None, str]]:
    """Read what happened to a job after it was launched and cut."""
    with house.sessions() as session:
        rows = select(JobEvent.level, JobEvent.part, JobEvent.message).where(JobEvent.job_id == job_id)
        return [(level, n, said) for level, n, said in session.execute(rows.order_by(JobEvent.id))][2:]


def stopped(house: House, job_id: uuid.UUID, error: TryAgain) -> None:
    """Claim the part, let it end by the error, and let the time pass that it waits."""
    part = house.claim(job_id)
    assert part is not None
    with house.sessions.begin() as session:
        again(session, ledger.lock(session, job_id), house.running(part).ref, error=error, backoff=Backoff())
    with house.sessions() as session:
        session.execute(update(Part).values(not_before=func.clock_timestamp()))
        wake(session, house.redis, job_id)


def test_a_smooth_job_has_a_short_story(house: House) -> None:
    with house.sessions.begin() as session:
        people(session, 50)
    job_id = house.launch().job_id
    house.run(job_id)
    assert story(house, job_id) == [("info", None, "Completed.")]


def test_a_part_that_is_handed_back_and_taken_again_is_told(house: House, job_id: uuid.UUID) -> None:
    part = house.claim(job_id, holder="w-1")
    assert part is not None
    with house.sessions.begin() as session:
        part_end.hand_back(session, ledger.lock(session, job_id), house.running(part).ref)
    assert house.claim(job_id, holder="w-2") is not None
    assert story(house, job_id) == [
        ("info", 0, "Part 1 was handed back after 0 of 200 records."),
        ("info", 0, "w-2 took part 1, attempt 2."),
    ]


def test_a_death_and_who_goes_on_are_told(house: House, job_id: uuid.UUID) -> None:
    for n in (1, 2, 3):
        assert house.claim(job_id, holder=f"w-{n}") is not None
        with house.sessions() as session:
            recover(session, house.redis, job_id, 0, holder=f"w-{n}")
    told = story(house, job_id)
    assert told[:4] == [
        ("error", 0, "w-1 stopped answering with part 1."),
        ("info", 0, "w-2 took part 1, attempt 2."),
        ("error", 0, "w-2 stopped answering with part 1."),
        ("info", 0, "w-3 took part 1, attempt 3."),
    ]
    assert [(level, n) for level, n, message in told if message.startswith("Part 1 killed its worker 3 times")] == [
        ("error", 0)
    ]
    with house.sessions() as session:
        assert [(failure.part, failure.attempts) for failure in session.scalars(select(Failure))] == [(0, 3)]


def test_a_back_off_is_told_with_its_attempt_and_so_is_its_end(house: House, job_id: uuid.UUID) -> None:
    stopped(house, job_id, TryAgain("Cohere is unwell (503)", code="cohere_unwell"))
    assert house.claim(job_id, holder="w-2") is not None
    (level, n, waiting), taken = story(house, job_id)
    assert (level, n) == ("wait", 0)
    assert waiting.startswith("Waits until ")
    assert waiting.endswith(" UTC: Cohere is unwell (503) (attempt 2 of 6 is next).")
    assert taken == ("info", 0, "w-2 took part 1, attempt 2.")


def test_why_a_job_was_stopped_is_told_once(house: House, job_id: uuid.UUID) -> None:
    with house.sessions.begin() as session:
        job_end.stop(session, ledger.lock(session, job_id), code="key", detail="Set COHERE_API_KEY.")
    assert story(house, job_id) == [("error", None, "Set COHERE_API_KEY."), ("error", None, "Failed.")]


def test_a_wait_for_our_own_pace_is_not_told(house: House, job_id: uuid.UUID) -> None:
    for _ in range(3):
        stopped(house, job_id, TryAgain("waiting for the limit", code="inputs_per_minute", after=7, paced=True))
    assert house.claim(job_id) is not None
    assert story(house, job_id) == []


@time_machine.travel(NOON, tick=False)
def test_a_reason_that_names_its_end_is_not_told_twice() -> None:
    assert waits(NOON, "Cohere is unwell") == "Waits until 12:04:10 UTC: Cohere is unwell."
    assert waits(NOON, "waiting for Cohere until 12:04:10 UTC") == "Waiting for Cohere until 12:04:10 UTC."
    assert (
        waits(NOON.replace(year=2031, month=2, day=3), "it rests") == "Waits until 2031-02-03 12:04:10 UTC: it rests."
    )
    assert waits(NOON, "set X, or it goes on by itself on 1 May") == "Set X, or it goes on by itself on 1 May."
