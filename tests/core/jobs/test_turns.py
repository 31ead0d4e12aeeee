"""Of each person so many jobs go on at once; the others wait in the order of their launches, and say so."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import func, update

from core.access import Actor
from core.jobs import ledger, queues
from core.jobs.cancel import cancel
from core.jobs.launch import launch
from core.jobs.ledger import MOST_DEATHS
from core.jobs.pauses import pause, resume
from core.jobs.reconcile import reconcile
from core.jobs.recover import recover
from core.jobs.standstill import ring_next
from core.kinds import KINDS
from core.kinds.etl_sync import Sync
from core.models import Job, Part
from core.settings import Settings
from tests.core.jobs.conftest import ANA, House
from tests.factories import people

BERTA = Actor("berta")


@pytest.fixture
def pair(house: House, settings_env: Callable[..., Settings]) -> House:
    """A house where two jobs of a person go on at once."""
    settings_env(PART_SIZE=96, JOBS_PER_USER_AT_ONCE=2)
    with house.sessions.begin() as session:
        people(session, 10)
    return house


def launched(house: House, limit: int, actor: Actor = ANA) -> uuid.UUID:
    with house.sessions() as session:
        return launch(session, house.redis, KINDS["etl.sync"], Sync(limit=limit), actor=actor).job_id


def job_of(house: House, job_id: uuid.UUID) -> Job:
    with house.sessions() as session:
        return ledger.find(session, job_id)


def rung(house: House) -> set[str]:
    """The jobs that a worker was asked to cut."""
    return {name.removesuffix("-split") for name in queues.waiting_messages(house.redis, "jobs:etl")}


def test_a_job_beyond_the_number_waits_and_says_why(pair: House) -> None:
    first, second, third = (launched(pair, n) for n in (1, 2, 3))

    assert rung(pair) == {str(first), str(second)}
    waiting = job_of(pair, third)
    assert waiting.status == "waiting"
    assert waiting.message == (
        "ana has 2 jobs going on, the most of one person at once (JOBS_PER_USER_AT_ONCE). "
        "This one begins when one of them ends."
    )


def test_another_person_s_jobs_begin_at_once(pair: House) -> None:
    for n in (1, 2, 3):
        launched(pair, n)

    theirs = launched(pair, 4, BERTA)

    assert str(theirs) in rung(pair)


def test_a_message_that_comes_before_the_turn_cuts_nothing(pair: House) -> None:
    jobs = [launched(pair, n) for n in (1, 2, 3)]

    assert [pair.split(job_id) for job_id in reversed(jobs)] == [False, True, True]
    assert job_of(pair, jobs[2]).split_at is None


def test_the_next_in_line_is_rung_when_a_job_ends(pair: House) -> None:
    jobs = [launched(pair, n) for n in (1, 2, 3, 4)]
    pair.run(jobs[0])

    with pair.sessions() as session:
        ring_next(session, pair.redis, "ana")

    assert rung(pair) == {str(job_id) for job_id in jobs[:3]}
    assert (job_of(pair, jobs[2]).status, job_of(pair, jobs[2]).message) == ("queued", "")
    assert "going on" in job_of(pair, jobs[3]).message
    assert pair.split(jobs[2])


def test_a_cancelled_job_makes_way_for_the_next(pair: House) -> None:
    jobs = [launched(pair, n) for n in (1, 2, 3)]

    with pair.sessions() as session:
        cancel(session, pair.redis, jobs[0], actor=ANA)

    assert str(jobs[2]) in rung(pair)


def test_a_job_that_cancels_many_leaves_it_to_the_reconciler_to_ring_once(pair: House) -> None:
    jobs = [launched(pair, n) for n in (1, 2, 3, 4)]

    with pair.sessions() as session:
        for job_id in jobs[:2]:
            cancel(session, pair.redis, job_id, actor=ANA, by_job=True)
        assert rung(pair) == {str(job_id) for job_id in jobs[:2]}
        reconcile(session, pair.redis)

    assert rung(pair) == {str(job_id) for job_id in jobs}
    assert [job_of(pair, job_id).message for job_id in jobs[2:]] == ["", ""]


def test_a_job_whose_worker_dies_for_good_makes_way_at_once(pair: House) -> None:
    jobs = [launched(pair, n) for n in (1, 2, 3)]
    pair.split(jobs[0])
    assert pair.claim(jobs[0], holder="w-1") is not None
    with pair.sessions() as session:
        session.execute(update(Part).values(deaths=MOST_DEATHS - 1))
        session.commit()
        recover(session, pair.redis, jobs[0], 0, holder="w-1")

    assert str(jobs[2]) in rung(pair)


def test_the_reconciler_rings_for_whom_it_is_due_and_for_nobody_else(pair: House) -> None:
    jobs = [launched(pair, n) for n in (1, 2, 3, 4)]
    pair.run(jobs[0])  # its worker died before it could ring for the next
    with pair.sessions.begin() as session:
        past = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 1)
        session.execute(update(Job).where(Job.rung_at.is_not(None)).values(rung_at=past))

    with pair.sessions() as session:
        reconcile(session, pair.redis)

    assert rung(pair) == {str(job_id) for job_id in jobs[:3]}


def test_a_job_whose_turn_comes_while_its_queue_is_paused_waits_for_the_resume(pair: House) -> None:
    jobs = [launched(pair, n) for n in (1, 2, 3)]
    with pair.sessions() as session:
        pause(session, pair.redis, "jobs:etl", actor=BERTA, reason="the price list is wrong")
    assert "going on" in job_of(pair, jobs[2]).message

    with pair.sessions() as session:
        cancel(session, pair.redis, jobs[0], actor=ANA)
    assert job_of(pair, jobs[2]).message == "jobs:etl is paused by berta: the price list is wrong"
    with pair.sessions() as session:
        resume(session, pair.redis, "jobs:etl", actor=BERTA)
    assert job_of(pair, jobs[2]).status == "queued"
    assert str(jobs[2]) in rung(pair)
