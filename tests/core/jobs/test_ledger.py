"""Leases, tokens and ends: two holders never both write, and a job's row follows from its parts."""

from __future__ import annotations

import time
import uuid

import pytest
from sqlalchemy import func, select, update

from core.adapters.redis_claims import RedisClaims
from core.errors import Cancelled, GiveUp, HandBack, Invalid, LeaseLost, Refused
from core.jobs import job_end, ledger, live, part_end, queues
from core.jobs import launch as launching
from core.jobs.cancel import cancel
from core.jobs.launch import IdempotencyToken, TooManyLaunches, launch
from core.jobs.part_run import PartRun
from core.jobs.reconcile import reconcile
from core.jobs.recover import recover
from core.jobs.retry import retry, retry_failures
from core.kinds import KINDS
from core.kinds.etl_sync import Sync
from core.models import AuditEvent, Failure, Job, JobEvent, Part
from core.tally import Tally
from tests.core.jobs.conftest import ANA, House
from tests.core.stack.test_children import until
from tests.factories import people


def prepared(house: House, count: int = 200) -> uuid.UUID:
    """A job that is cut into parts."""
    with house.sessions.begin() as session:
        people(session, count)
    job_id = house.launch().job_id
    house.split(job_id)
    return job_id


def job_of(house: House, job_id: uuid.UUID) -> Job:
    with house.sessions() as session:
        return ledger.find(session, job_id)


def parts_of(house: House, job_id: uuid.UUID) -> list[Part]:
    with house.sessions() as session:
        return list(ledger.parts_of(session, job_id))


def expire(house: House, job_id: uuid.UUID, n: int = 0) -> None:
    with house.sessions.begin() as session:
        past = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, 1)
        session.execute(update(Part).where(Part.job_id == job_id, Part.n == n).values(lease_until=past))


def reconciled(house: House) -> None:
    with house.sessions() as session:
        reconcile(session, house.redis)


def test_two_launches_of_one_scope_are_one_job(house: House) -> None:
    first, second = house.launch(), house.launch()
    assert (first.job_id, first.new, second.job_id, second.new) == (first.job_id, True, first.job_id, False)
    with house.sessions() as session:
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == 1
    assert queues.waiting_messages(house.redis, "jobs:etl") == {f"{first.job_id}-split"}


def test_a_launch_while_redis_is_away_is_kept_and_rung_for_later(house: House) -> None:
    with house.sessions() as session:
        launched = launch(session, _closed(house), KINDS["etl.sync"], Sync(), actor=ANA)
    assert job_of(house, launched.job_id).status == "queued"
    with house.sessions.begin() as session:
        past = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 1)
        session.execute(update(Job).values(created_at=past))
    reconciled(house)
    assert queues.waiting_messages(house.redis, "jobs:etl") == {f"{launched.job_id}-split"}


def _closed(house: House) -> launching.Redis:
    """A client of a port where nobody listens."""
    return launching.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2, retry=None)


def test_a_replayed_key_gives_its_job_even_when_that_is_over(house: House) -> None:
    key = IdempotencyToken("token:1", "night", "hash-a")
    with house.sessions() as session:
        first = launch(session, house.redis, KINDS["etl.sync"], Sync(), actor=ANA, key=key)
        cancel(session, house.redis, first.job_id, actor=ANA)
        again = launch(session, house.redis, KINDS["etl.sync"], Sync(), actor=ANA, key=key)
    assert (again.job_id, again.status, again.new) == (first.job_id, "cancelled", False)


def test_a_replayed_key_with_another_body_is_refused(house: House) -> None:
    with house.sessions() as session:
        key = IdempotencyToken("token:1", "night", "hash-a")
        launch(session, house.redis, KINDS["etl.sync"], Sync(), actor=ANA, key=key)
        with pytest.raises(Invalid, match="another body"):
            other = IdempotencyToken("token:1", "night", "hash-b")
            launch(session, house.redis, KINDS["etl.sync"], Sync(limit=3), actor=ANA, key=other)


def test_launches_of_one_person_are_limited_by_the_minute(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    strict = house.settings.model_copy(update={"launches_per_user_per_minute": 2})
    monkeypatch.setattr(launching, "settings", lambda: strict)
    house.launch(limit=1)
    house.launch(limit=2)
    with pytest.raises(TooManyLaunches, match="the limit is 2"):
        house.launch(limit=3)


def test_what_a_job_launches_uses_up_none_of_a_person_s_launches(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    strict = house.settings.model_copy(update={"launches_per_user_per_minute": 1})
    monkeypatch.setattr(launching, "settings", lambda: strict)
    with house.sessions() as session:
        for limit in (1, 2):
            launch(session, house.redis, KINDS["etl.sync"], Sync(limit=limit), actor=ANA, by_job=True)
    assert house.launch(limit=3).new
    with pytest.raises(TooManyLaunches, match="launched 1 jobs in the last minute"):
        house.launch(limit=4)


def test_a_job_is_cut_once_into_parts_that_fill_calls(house: House) -> None:
    job_id = prepared(house, 1000)
    assert not house.split(job_id)
    parts = parts_of(house, job_id)
    assert [part.total for part in parts] == [480, 480, 40]
    assert sum(part.total for part in parts) == job_of(house, job_id).total == 1000


def test_a_part_is_claimed_by_one(house: House) -> None:
    job_id = prepared(house)
    part = house.claim(job_id, holder="w-1")
    assert part is not None
    assert (part.status, part.holder, part.attempt, len(part.record_ids)) == ("running", "w-1", 1, 200)
    assert house.claim(job_id, holder="w-2") is None
    assert job_of(house, job_id).status == "running"


def test_a_write_with_an_old_token_changes_nothing(house: House) -> None:
    job_id = prepared(house)
    old = house.claim(job_id, holder="w-1")
    assert old is not None
    zombie = house.running(old)
    expire(house, job_id)
    reconciled(house)
    new = house.claim(job_id, holder="w-2")
    assert new is not None and new.token != old.token
    with pytest.raises(LeaseLost):
        zombie.commit(Tally(records=10, done=10), lambda session: None)
    with house.sessions() as session, pytest.raises(LeaseLost):
        ledger.renew(session, zombie.ref, lease=15)
    assert [(part.done, part.holder) for part in parts_of(house, job_id)] == [(0, "w-2")]


def test_an_expired_lease_is_handed_on_and_told(house: House) -> None:
    job_id = prepared(house)
    house.claim(job_id, holder="w-1")
    expire(house, job_id)
    reconciled(house)
    (part,) = parts_of(house, job_id)
    assert (part.status, part.deaths, part.token) == ("queued", 1, None)
    assert f"{job_id}-0-a1" in queues.waiting_messages(house.redis, "jobs:etl")
    with house.sessions() as session:
        story = session.execute(select(JobEvent.message, JobEvent.lost_worker).where(JobEvent.level == "error")).all()
    assert story == [("w-1 stopped answering with part 1.", "w-1")]


def test_the_claims_of_a_dead_holder_are_freed_with_its_part_and_those_of_the_next_are_not(house: House) -> None:
    job_id, claims, text = prepared(house), RedisClaims(house.redis, keep_seconds=40), [b"a text of many people"]
    dead = house.claim(job_id, holder="w-1")
    assert dead is not None
    old = house.running(dead).owner
    claims.take(text, old)
    expire(house, job_id)
    reconciled(house)
    assert claims.take(text, "another part") == set(text)

    claims.release(text, "another part")
    again = house.claim(job_id, holder="w-2")
    assert again is not None
    claims.take(text, house.running(again).owner)
    claims.release(text, old)  # the dead one was a zombie
    assert claims.take(text, "another part") == set()


def test_who_was_frozen_for_longer_than_its_lease_pays_for_nothing_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = house.claim(prepared(house))
    assert part is not None
    run, woken = house.running(part), time.monotonic() + house.settings.lease_seconds + 1
    run.work.check()  # as before each call
    monkeypatch.setattr(time, "monotonic", lambda: woken)
    with pytest.raises(LeaseLost):
        run.work.check()


def test_one_job_that_somebody_sits_on_keeps_no_other_waiting(house: House) -> None:
    frozen, other = prepared(house, 20), house.launch("jobs.bulk", act="retry", numbers=(1,)).job_id
    house.split(other)
    for job_id in (frozen, other):
        assert house.claim(job_id) is not None
        expire(house, job_id)
    with house.sessions() as session:
        ledger.lock(session, frozen)
        reconciled(house)
        states = [parts_of(house, job_id)[0].status for job_id in (frozen, other)]
    assert states == ["running", "queued"]

    reconciled(house)
    assert parts_of(house, frozen)[0].status == "queued"


def test_a_part_that_kills_three_workers_is_set_aside_and_the_job_ends(house: House) -> None:
    job_id = prepared(house)
    for _ in range(3):
        assert house.claim(job_id) is not None
        expire(house, job_id)
        reconciled(house)
    job = job_of(house, job_id)
    assert (job.status, job.failed, job.total) == ("failed", 200, 200)
    with house.sessions() as session:
        failure = session.scalars(select(Failure)).one()
    assert (failure.cause, failure.part, failure.record_id) == ("part_kills_worker", 0, None)


def test_a_death_takes_only_what_the_dead_one_held(house: House) -> None:
    job_id = prepared(house)
    house.claim(job_id, holder="w-1")
    with house.sessions() as session:
        assert ledger.held_by(session, job_id, "w-1") == [0]
        assert ledger.held_by(session, job_id, "w-2") == []
        recover(session, house.redis, job_id, 0, holder="w-2")
    assert parts_of(house, job_id)[0].status == "running"
    with house.sessions() as session:
        recover(session, house.redis, job_id, 0, holder="w-1")
    assert parts_of(house, job_id)[0].status == "queued"


def test_a_waiting_part_frees_its_worker_and_says_until_when(house: House) -> None:
    job_id = prepared(house)
    part = house.claim(job_id)
    assert part is not None
    ref = house.running(part).ref
    with house.sessions.begin() as session:
        job = ledger.lock(session, job_id)
        until = part_end.wait(session, job, ref, seconds=20, message="Cohere answered 429", counts=True)
    job = job_of(house, job_id)
    assert job.status == "waiting"
    assert job.message == f"Waits until {until:%H:%M:%S} UTC: Cohere answered 429."
    assert house.claim(job_id) is None
    with house.sessions.begin() as session:
        session.execute(update(Part).values(not_before=func.clock_timestamp()))
    reconciled(house)
    assert parts_of(house, job_id)[0].status == "queued"
    assert house.claim(job_id) is not None


def test_a_message_that_vanished_is_sent_again(house: House) -> None:
    job_id = prepared(house)
    house.redis.flushall()
    with house.sessions.begin() as session:
        past = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 1)
        session.execute(update(Part).values(rung_at=past))
    reconciled(house)
    reconciled(house)
    assert queues.waiting_messages(house.redis, "jobs:etl") == {f"{job_id}-0-a0"}
    assert house.redis.llen("rq:queue:jobs:etl") == 1


def test_cancel_closes_what_waits_and_stops_what_runs(house: House) -> None:
    job_id = prepared(house, 1000)
    part = house.claim(job_id, 0)
    assert part is not None
    run = house.running(part)
    with house.sessions() as session:
        assert cancel(session, house.redis, job_id, actor=ANA, reason="wrong filter") == "cancelling"
    assert [part.status for part in parts_of(house, job_id)] == ["running", "cancelled", "cancelled"]
    with pytest.raises(Cancelled):
        run.commit(Tally(records=96, done=96), lambda session: None)
    with house.sessions.begin() as session:
        part_end.cancel(session, ledger.lock(session, job_id), run.ref)
    job = job_of(house, job_id)
    assert (job.status, job.done, job.message) == ("cancelled", 96, "Cancelled. 96 of 1,000 are done and stay so.")
    with house.sessions() as session, pytest.raises(Refused, match="over already"):
        cancel(session, house.redis, job_id, actor=ANA)


@pytest.mark.parametrize("told", [Cancelled, GiveUp])
def test_a_part_that_must_stop_is_held_until_its_call_is_over(house: House, told: type[Exception]) -> None:
    job_id = prepared(house)
    part = house.claim(job_id, lease=30)
    assert part is not None
    house.settings = house.settings.model_copy(update={"lease_seconds": 30})
    with house.running(part) as run:
        with house.sessions() as session:
            if told is Cancelled:
                cancel(session, house.redis, job_id, actor=ANA)
            else:
                job_end.stop(session, ledger.lock(session, job_id), code="cohere_key_refused", detail="Set a key.")
                session.commit()
        assert until(lambda: _stops(run, told))
        held = parts_of(house, job_id)[0].lease_until
        run._held_until -= 15  # so that it is renewed with the next look
        assert until(lambda: parts_of(house, job_id)[0].lease_until != held)
        assert _stops(run, told)


def _stops(run: PartRun, told: type[Exception]) -> bool:
    try:
        run.check()
    except told:
        return True
    return False


def test_a_cancelled_job_makes_room_for_another_of_its_scope(house: House) -> None:
    job_id = prepared(house)
    house.claim(job_id)
    with house.sessions() as session:
        cancel(session, house.redis, job_id, actor=ANA)
    assert house.launch().new


def test_stopping_fails_what_waits_and_ends_the_job_with_what_runs(house: House) -> None:
    job_id = prepared(house, 1000)
    part = house.claim(job_id, 1)
    assert part is not None
    run = house.running(part)
    with house.sessions.begin() as session:
        job = ledger.lock(session, job_id)
        job_end.stop(session, job, code="cohere_key_refused", detail="Set COHERE_API_KEY.")
    assert job_of(house, job_id).status == "running"
    with house.sessions() as session, pytest.raises(GiveUp):
        ledger.look(session, job_id)
    with house.sessions.begin() as session:
        part_end.fail(session, ledger.lock(session, job_id), run.ref, code="cohere_key_refused", detail="stopped")
    job = job_of(house, job_id)
    assert (job.status, job.error_code, job.message) == ("failed", "cohere_key_refused", "Set COHERE_API_KEY.")
    assert job.done + job.skipped + job.failed == job.total


def test_a_retry_takes_only_what_is_left_and_is_one_job_when_pressed_twice(house: House) -> None:
    job_id = prepared(house, 1000)
    part = house.claim(job_id, 0)
    assert part is not None
    run = house.running(part)
    run.commit(Tally(records=96, done=96), lambda session: None)
    with house.sessions.begin() as session:
        part_end.hand_back(session, ledger.lock(session, job_id), run.ref)
    with house.sessions() as session:
        with pytest.raises(Refused, match="not over"):
            retry(session, house.redis, KINDS, job_id, actor=ANA)
        cancel(session, house.redis, job_id, actor=ANA)
        first = retry(session, house.redis, KINDS, job_id, actor=ANA)
        second = retry(session, house.redis, KINDS, job_id, actor=ANA)
    assert (first.new, second.new, first.job_id == second.job_id) == (True, False, True)
    house.split(first.job_id)
    job = job_of(house, first.job_id)
    assert (job.total, job.retry_of) == (904, job_id)


def test_nothing_to_retry_is_refused(house: House) -> None:
    job_id = prepared(house, 10)
    house.run(job_id)
    with house.sessions() as session, pytest.raises(Refused, match="Nothing is left"):
        retry(session, house.redis, KINDS, job_id, actor=ANA)


def test_a_retry_of_a_job_that_was_never_cut_does_it_all(house: House) -> None:
    with house.sessions.begin() as session:
        people(session, 10)
    job_id = house.launch().job_id
    with house.sessions() as session:
        cancel(session, house.redis, job_id, actor=ANA)
        again = retry(session, house.redis, KINDS, job_id, actor=ANA)
    house.split(again.job_id)
    assert job_of(house, again.job_id).total == 10


def open_parts_of_jobs_that_are_over(house: House) -> int:
    with house.sessions() as session:
        return (
            session.scalar(
                select(func.count())
                .select_from(Part)
                .join(Job, Job.id == Part.job_id)
                .where(Part.status.in_(("queued", "running", "waiting")), Job.finished_at.is_not(None))
            )
            or 0
        )


@pytest.mark.parametrize("release", ["hand back", "wait", "die"])
def test_a_part_that_is_let_go_after_a_cancellation_is_closed(house: House, release: str) -> None:
    job_id = prepared(house, 1000)
    part = house.claim(job_id, 0)
    assert part is not None
    ref = house.running(part).ref
    with house.sessions() as session:
        cancel(session, house.redis, job_id, actor=ANA)
    let_go(house, job_id, ref, release)
    assert {part.status for part in parts_of(house, job_id)} == {"cancelled"}
    assert job_of(house, job_id).status == "cancelled"
    assert open_parts_of_jobs_that_are_over(house) == 0
    with house.sessions() as session:
        again = retry(session, house.redis, KINDS, job_id, actor=ANA)
    house.split(again.job_id)
    assert job_of(house, again.job_id).total == 1000


@pytest.mark.parametrize("release", ["hand back", "wait", "die"])
def test_a_part_that_is_let_go_after_a_stop_ends_the_job(house: House, release: str) -> None:
    job_id = prepared(house, 1000)
    part = house.claim(job_id, 0)
    assert part is not None
    ref = house.running(part).ref
    with house.sessions.begin() as session:
        job_end.stop(session, ledger.lock(session, job_id), code="cohere_key_refused", detail="Set COHERE_API_KEY.")
    let_go(house, job_id, ref, release)
    job = job_of(house, job_id)
    assert (job.status, job.failed, job.total) == ("failed", 1000, 1000)
    assert open_parts_of_jobs_that_are_over(house) == 0


def let_go(house: House, job_id: uuid.UUID, ref: ledger.Ref, release: str) -> None:
    if release == "die":
        expire(house, job_id)
        reconciled(house)
        return
    with house.sessions.begin() as session:
        job = ledger.lock(session, job_id)
        if release == "wait":
            assert part_end.wait(session, job, ref, seconds=20, message="Cohere answered 429", counts=True) is None
        else:
            part_end.hand_back(session, job, ref)


def test_what_a_cancelled_job_still_holds_is_not_kept_from_the_next(house: House) -> None:
    job_id = prepared(house, 200)
    assert house.claim(job_id) is not None
    with house.sessions() as session:
        cancel(session, house.redis, job_id, actor=ANA)
    next_id = house.launch().job_id
    house.split(next_id)
    assert job_of(house, next_id).total == 200


def test_a_retried_poison_part_is_resolved_and_nothing_is_left(house: House) -> None:
    job_id = prepared(house)
    for _ in range(3):
        assert house.claim(job_id) is not None
        expire(house, job_id)
        reconciled(house)
    with house.sessions() as session:
        failure = session.scalars(select(Failure)).one()
        again = retry_failures(session, house.redis, KINDS, [failure.id], actor=ANA)
    assert job_of(house, again.job_id).retry_of == job_id
    house.run(again.job_id)
    with house.sessions() as session:
        assert session.scalars(select(Failure)).one().status == "resolved"
        with pytest.raises(Refused, match="Nothing is left"):
            retry(session, house.redis, KINDS, job_id, actor=ANA)


def test_a_copy_that_was_lost_is_made_again(house: House) -> None:
    job_id = prepared(house, 10)
    house.run(job_id)
    house.redis.hset(f"job:{job_id}", mapping={"status": "running", "updated_at": "2026-01-01T00:00:00+00:00"})
    reconciled(house)
    view = live.read(house.redis, str(job_id))
    assert view is not None and view.status == "completed"


def test_a_part_hands_itself_back_when_its_worker_stops(house: House) -> None:
    job_id = prepared(house)
    part = house.claim(job_id)
    assert part is not None
    house.stop.set()
    with house.running(part) as run, pytest.raises(HandBack):
        KINDS["etl.sync"].run(run)
    with house.sessions.begin() as session:
        part_end.hand_back(session, ledger.lock(session, job_id), run.ref)
    assert [(part.status, part.deaths) for part in parts_of(house, job_id)] == [("queued", 0)]


def test_the_live_hash_tells_what_the_ledger_tells(house: House) -> None:
    job_id = prepared(house, 120)
    house.run(job_id)
    reconciled(house)
    with house.sessions() as session:
        from_ledger = launching.publish(session, house.redis, job_id)
    assert live.read(house.redis, str(job_id)) == from_ledger
    raw = house.redis.hgetall(f"job:{job_id}")
    assert (raw[b"status"], raw[b"percent"], raw[b"done"], raw[b"0.status"]) == (
        b"completed",
        b"100.0",
        b"120",
        b"done",
    )
