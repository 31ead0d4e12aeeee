"""A queue that somebody has paused: nothing begins, what runs goes back, and it goes on at once with the resume."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from core.access import Actor
from core.alerts import jobs as job_rules
from core.alerts import queues as queue_rules
from core.alerts.rule import Scene
from core.errors import HandBack, Invalid, Refused
from core.jobs import ledger, live, part_end
from core.jobs.cancel import cancel
from core.jobs.explain import explanations, listening
from core.jobs.paused import pause_of, pauses
from core.jobs.pauses import pause, resume
from core.jobs.queues import job_message, waiting_messages
from core.jobs.reconcile import reconcile
from core.jobs.view import view_of
from core.models import AuditEvent, Job, JobEvent, Part, QueuePause
from tests.core.jobs.conftest import House
from tests.core.stack.test_children import until
from tests.factories import people

ETL = "jobs:etl"
PAUSED = "jobs:etl is paused by marta: the price list is wrong"
MARTA = Actor("marta")


def hold(house: House, queue: str = ETL) -> None:
    with house.sessions() as session:
        pause(session, house.redis, queue, actor=MARTA, reason="the price list is wrong")


def go_on(house: House, queue: str = ETL) -> None:
    with house.sessions() as session:
        resume(session, house.redis, queue, actor=MARTA, reason="mended")


def launched(house: House) -> uuid.UUID:
    with house.sessions.begin() as session:
        people(session, 3)
    return house.launch().job_id


def in_hand(house: House, job_id: uuid.UUID) -> Part:
    """Cut a job, and take its first part."""
    house.split(job_id)
    part = house.claim(job_id)
    assert part is not None
    return part


def handed_back(house: House, part: Part) -> None:
    assert part.token is not None
    with house.sessions.begin() as session:
        ref = ledger.Ref(part.job_id, part.n, part.token)
        part_end.hand_back(session, ledger.lock(session, part.job_id), ref)


def job_of(house: House, job_id: uuid.UUID) -> Job:
    with house.sessions() as session:
        return ledger.find(session, job_id)


def copy_of(house: House, job_id: uuid.UUID) -> tuple[str, str]:
    """What the live hash says: status and message."""
    view = live.read(house.redis, str(job_id))
    assert view is not None
    return view.status, view.message


def reconciled(house: House) -> None:
    with house.sessions() as session:
        reconcile(session, house.redis)


def rung(house: House) -> set[str]:
    return waiting_messages(house.redis, ETL)


def test_a_paused_queue_has_nothing_to_take_and_the_resume_gives_it_back(house: House) -> None:
    job_id = launched(house)
    house.split(job_id)
    hold(house)
    assert house.claim(job_id) is None

    go_on(house)
    assert house.claim(job_id) is not None


def test_another_queue_goes_on(house: House) -> None:
    job_id = launched(house)
    house.split(job_id)
    hold(house, "jobs:maintenance")

    assert house.claim(job_id) is not None


def test_nobody_is_called_to_a_paused_queue_and_the_resume_calls_at_once(house: House) -> None:
    hold(house)
    job_id = launched(house)
    with house.sessions() as session:
        reconcile(session, house.redis)
    assert rung(house) == set()

    go_on(house)
    assert rung(house) == {job_message(job_id)}


def test_what_is_rung_already_is_not_rung_twice(house: House) -> None:
    launched(house)
    hold(house)
    go_on(house)

    assert house.redis.llen(f"rq:queue:{ETL}") == 1


def test_what_runs_goes_back_with_its_batch_and_loses_no_try(house: House) -> None:
    job_id = launched(house)
    house.split(job_id)
    part = house.claim(job_id)
    assert part is not None
    with house.running(part) as run:
        hold(house)
        assert until(lambda: told_to_stop(run.check))
        with house.sessions.begin() as session:
            ledger.renew(session, run.ref, lease=15)  # the lease is good until then
            part_end.hand_back(session, ledger.lock(session, job_id), run.ref)
    with house.sessions() as session:
        (back,) = ledger.parts_of(session, job_id)
        assert (back.status, back.tries, back.deaths) == ("queued", 0, 0)
        story = session.scalars(select(JobEvent.message).where(JobEvent.job_id == job_id)).all()
        assert "Part 1 was handed back after 0 of 3 records: marta paused the queue." in story


def told_to_stop(check: object) -> bool:
    assert callable(check)
    try:
        check()
    except HandBack as told:
        return str(told) == "the queue is paused"
    return False


@pytest.mark.parametrize("cut", [False, True])
def test_its_jobs_say_who_paused_it_and_why(house: House, cut: bool) -> None:
    job_id = launched(house)
    if cut:
        house.split(job_id)
    hold(house)
    with house.sessions() as session:
        view = view_of(ledger.find(session, job_id), ledger.parts_of(session, job_id))
        wait = explanations(session, [view], lambda: listening(house.redis))[str(job_id)]
    assert (wait.code, wait.sentence) == ("paused", "jobs:etl is paused by marta: the price list is wrong")


@pytest.mark.parametrize("cut", [False, True])
def test_its_jobs_wait_in_ledger_and_live_hash_until_the_resume(house: House, cut: bool) -> None:
    job_id = launched(house)
    if cut:
        house.split(job_id)
    hold(house)
    assert (job_of(house, job_id).status, job_of(house, job_id).message) == ("waiting", PAUSED)
    assert copy_of(house, job_id) == ("waiting", PAUSED)

    go_on(house)
    expected = ("running" if cut else "queued", "")
    assert (job_of(house, job_id).status, job_of(house, job_id).message) == expected
    assert copy_of(house, job_id) == expected


def test_a_job_launched_into_a_paused_queue_waits_from_the_first(house: House) -> None:
    hold(house)
    job_id = launched(house)
    assert copy_of(house, job_id) == ("waiting", PAUSED)
    assert not house.split(job_id)

    go_on(house)
    assert house.split(job_id)


def test_what_is_in_hand_runs_until_it_goes_back_and_then_waits(house: House) -> None:
    job_id = launched(house)
    part = in_hand(house, job_id)
    hold(house)
    assert job_of(house, job_id).status == "running"

    handed_back(house, part)
    assert (job_of(house, job_id).status, job_of(house, job_id).message) == ("waiting", PAUSED)


def test_a_part_that_backs_off_says_so_first_and_waits_for_the_resume_after_it(house: House) -> None:
    job_id = launched(house)
    house.split(job_id)
    part = house.claim(job_id)
    assert part is not None and part.token is not None
    ref = ledger.Ref(job_id, 0, part.token)
    with house.sessions.begin() as session:
        part_end.wait(session, ledger.lock(session, job_id), ref, seconds=0, message="Cohere rests", counts=True)
    hold(house)
    assert "Cohere rests" in job_of(house, job_id).message

    reconciled(house)
    assert copy_of(house, job_id) == ("waiting", PAUSED)
    go_on(house)
    assert copy_of(house, job_id) == ("running", "")


@pytest.mark.parametrize("cut", [False, True])
def test_the_reconciler_mends_what_the_pause_or_the_resume_could_not_say(house: House, cut: bool) -> None:
    job_id = launched(house)
    if cut:
        house.split(job_id)
    with house.sessions.begin() as session:
        session.add(QueuePause(queue=ETL, paused_by="marta", reason="the price list is wrong"))
    reconciled(house)
    assert copy_of(house, job_id) == ("waiting", PAUSED)

    with house.sessions.begin() as session:
        session.execute(delete(QueuePause))
    reconciled(house)
    assert copy_of(house, job_id) == ("running" if cut else "queued", "")


def test_a_cancellation_ends_what_waits_for_a_resume(house: House) -> None:
    job_id = launched(house)
    hold(house)
    with house.sessions() as session:
        assert cancel(session, house.redis, job_id, actor=MARTA) == "cancelled"
    go_on(house)
    assert job_of(house, job_id).status == "cancelled"


def test_a_job_of_which_a_frozen_process_holds_the_row_is_told_later(house: House) -> None:
    job_id = launched(house)
    with house.sessions() as frozen:
        ledger.lock(frozen, job_id)
        hold(house)
        assert job_of(house, job_id).status == "queued"
    reconciled(house)
    assert job_of(house, job_id).status == "waiting"


def test_no_alert_takes_a_pause_for_trouble(house: House) -> None:
    job_id = launched(house)
    part = in_hand(house, job_id)
    hold(house)
    handed_back(house, part)
    scene = Scene(house.settings, house.sessions, house.redis)
    with house.sessions.begin() as session:
        job = session.get_one(Job, job_id)
        job.moved_at, job.started_at = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) - timedelta(hours=7)
        job.created_at = job.started_at
    rules = (job_rules.stalled, job_rules.overdue, queue_rules.unheard, queue_rules.deep)
    assert [found for look in rules for found in look(scene)] == []

    go_on(house)
    assert [found.subject for found in queue_rules.unheard(scene)] == [ETL]
    assert [found.subject for found in job_rules.overdue(scene)] == [str(job_id)]


def test_what_stood_still_for_a_pause_is_no_stall_when_it_is_taken_again(house: House) -> None:
    job_id = launched(house)
    part = in_hand(house, job_id)
    hold(house)
    handed_back(house, part)
    assert job_of(house, job_id).moved_at is None
    go_on(house)
    again = house.claim(job_id)
    assert again is not None
    moved_at = job_of(house, job_id).moved_at
    assert moved_at is not None and again.claimed_at is not None and moved_at >= again.claimed_at


def test_a_pause_and_its_end_are_in_the_audit_with_before_and_after(house: House) -> None:
    hold(house)
    go_on(house)
    with house.sessions() as session:
        acts = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        assert [(act.action, act.actor, act.target, act.reason) for act in acts] == [
            ("queue.pause", "marta", "queue:jobs:etl", "the price list is wrong"),
            ("queue.resume", "marta", "queue:jobs:etl", "mended"),
        ]
        assert [(act.before or {}).get("paused") for act in acts] == [False, True]
        assert [(act.after or {}).get("paused") for act in acts] == [True, False]


def test_a_pause_is_one_and_has_a_reason(house: House) -> None:
    with house.sessions() as session:
        with pytest.raises(Invalid):
            pause(session, house.redis, ETL, actor=MARTA, reason="")
        assert pauses(session) == {}
        with pytest.raises(Refused, match="is not paused"):
            resume(session, house.redis, ETL, actor=MARTA)
    hold(house)
    with house.sessions() as session:
        with pytest.raises(Refused, match="by marta: the price list is wrong"):
            pause(session, house.redis, ETL, actor=Actor("ana"), reason="mine")
        session.rollback()
        assert (found := pause_of(session, ETL)) is not None and found.by == "marta"


def test_a_wiped_redis_forgets_no_pause(house: House) -> None:
    job_id = launched(house)
    house.split(job_id)
    hold(house)
    house.redis.flushall()

    assert house.claim(job_id) is None
    go_on(house)
    assert len(rung(house)) == 1
