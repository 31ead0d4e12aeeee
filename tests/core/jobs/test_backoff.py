"""What a part waits for: an engine of ours for as long as it takes, a provider so often, our pace without a word."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core import totals
from core.errors import TryAgain
from core.jobs import ledger
from core.jobs.backoff import AWAY, Backoff, again
from core.models import Failure, JobEvent, Part
from tests.core.jobs.conftest import House
from tests.factories import people

PATIENCE = Backoff(attempts=3, first=2.0, most=300.0)


@pytest.fixture
def job_id(house: House) -> uuid.UUID:
    with house.sessions.begin() as session:
        people(session, 10)
    launched = house.launch().job_id
    house.split(launched)
    return launched


def stopped(house: House, job_id: uuid.UUID, error: TryAgain, times: int = 1) -> Part:
    """Claim the part and let it end by the error, so many times, with nothing to wait for in between."""
    for _ in range(times):
        with house.sessions.begin() as session:
            session.execute(update(Part).where(Part.status == "waiting").values(not_before=None))
        part = house.claim(job_id)
        assert part is not None
        with house.sessions.begin() as session:
            again(session, ledger.lock(session, job_id), house.running(part).ref, error=error, backoff=PATIENCE)
    with house.sessions() as session:
        return ledger.parts_of(session, job_id)[0]


def story(house: House) -> list[str]:
    with house.sessions() as session:
        told = select(JobEvent.message).where(JobEvent.level.in_(("wait", "error"))).order_by(JobEvent.id)
        return list(session.scalars(told))


def seconds_left(house: House, part: Part) -> float:
    with house.sessions() as session:
        now = ledger.now(session)
    assert part.not_before is not None
    return (part.not_before - now).total_seconds()


def test_an_engine_of_ours_is_waited_for_as_long_as_it_takes(house: House, job_id: uuid.UUID) -> None:
    away = TryAgain("Qdrant does not answer", code="qdrant_unreachable", ours=True)

    part = stopped(house, job_id, away, times=40)

    assert (part.status, part.tries, part.waits) == ("waiting", 0, 40)
    assert seconds_left(house, part) <= AWAY.most
    assert len(story(house)) == 4  # while the pauses grow; then nothing new is said
    assert story(house)[-1].endswith("Qdrant does not answer. From now on tried every 5 s.")


def test_a_provider_is_tried_so_often_and_then_the_part_is_set_aside(house: House, job_id: uuid.UUID) -> None:
    unwell = TryAgain("Cohere is unwell (503)", code="cohere_unwell", trace_id="trace-9")

    part = stopped(house, job_id, unwell, times=3)

    assert (part.status, part.error_code) == ("failed", "cohere_unwell")
    gave_up = "Gave up after 3 tries: Cohere is unwell (503)"
    assert story(house)[-2:] == [gave_up, f"Failed. {gave_up}"]
    assert story(house)[0].endswith("UTC: Cohere is unwell (503) (attempt 2 of 3 is next).")
    with house.sessions() as session:
        [failure] = session.scalars(select(Failure))
    assert (failure.step, failure.cause, failure.attempts) == ("part", "cohere_unwell", 3)
    assert (failure.part, failure.record_id, failure.trace_id) == (0, None, "trace-9")


def test_an_outage_of_ours_uses_up_no_try_of_the_provider(house: House, job_id: uuid.UUID) -> None:
    away = TryAgain("PostgreSQL did not answer", code="database_away", ours=True)
    unwell = TryAgain("Cohere is unwell (503)", code="cohere_unwell")

    stopped(house, job_id, away, times=10)
    part = stopped(house, job_id, unwell, times=2)

    assert (part.status, part.tries, part.waits) == ("waiting", 2, 10)


def test_what_a_provider_asks_for_is_kept_in_full(house: House, job_id: uuid.UUID) -> None:
    part = stopped(house, job_id, TryAgain("waiting for Cohere", code="cohere_rate_limited", after=777.0))

    assert 770 < seconds_left(house, part) <= 777
    assert part.tries == 1


def test_our_own_pace_is_no_part_of_the_story_and_a_hold_is_told_once(house: House, job_id: uuid.UUID) -> None:
    pace = TryAgain("waiting for the limit", code="inputs_per_minute", after=7.0, paced=True)
    hold = TryAgain("waiting for Cohere until 12:04:10 UTC (429)", code="provider_hold", after=9.0, paced=True)

    stopped(house, job_id, pace, times=2)
    part = stopped(house, job_id, hold, times=2)

    assert (part.status, part.tries, part.waits) == ("waiting", 0, 0)
    assert story(house) == ["Waiting for Cohere until 12:04:10 UTC (429)."]


def test_pauses_are_added_up_by_their_cause(house: House, job_id: uuid.UUID) -> None:
    stopped(house, job_id, TryAgain("waiting", code="provider_hold", after=9.0, paced=True), times=2)

    with house.sessions() as session:
        assert totals.read(session)["backoff_seconds", "etl.sync", "provider_hold"] == 18.0


def test_a_part_of_a_job_that_stops_does_not_wait(house: House, job_id: uuid.UUID) -> None:
    part = house.claim(job_id)
    assert part is not None
    with house.sessions.begin() as session:
        job = ledger.lock(session, job_id)
        job.status = "cancelling"
        session.flush()
        ref = house.running(part).ref
        again(session, job, ref, error=TryAgain("away", code="qdrant_unwell", ours=True), backoff=PATIENCE)

    with house.sessions() as session:
        assert ledger.find(session, job_id).status == "cancelled"
        assert "backoff_seconds" not in {name for name, _, _ in totals.read(session)}


def test_pauses_grow_to_their_most_and_never_beyond(house: House) -> None:
    pauses = [PATIENCE.delay(tries) for tries in (1, 2, 3, 20, 5000)]

    assert all(0.75 * full <= pause <= full for pause, full in zip(pauses, (2, 4, 8, 300, 300), strict=True))
    assert timedelta(seconds=AWAY.delay(5000)) <= timedelta(seconds=5)
