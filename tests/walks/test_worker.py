"""The walks of a worker: from a launch to points, through deaths, refusals and cancellations."""

from __future__ import annotations

import os
import signal
import uuid

import psutil
from sqlalchemy import func, select, update

from core import failures
from core.jobs import ledger, live
from core.jobs.cancel import cancel
from core.jobs.retry import retry
from core.jobs.view import OVER
from core.kinds import KINDS
from core.models import Candidate, Failure, IndexState
from core.pipeline.plan import point_id
from tests.factories import people
from tests.standins.cohere import CohereStandIn
from tests.standins.cohere_script import Fault
from tests.walks.conftest import OPERATOR, Platform, eventually

FIRST_PART = 8  # calls: 3,000 people are cut into parts of 768


def add(platform: Platform, count: int, **values: object) -> list[int]:
    with platform.sessions.begin() as session:
        return list(people(session, count, **values))


def points(platform: Platform) -> int:
    collection = platform.house.index.current("candidates")
    return platform.house.index.count(collection.name, "candidate") if collection else 0


def done(platform: Platform, job_id: uuid.UUID) -> int:
    return platform.job(job_id).done


def test_a_sync_runs_from_launch_to_points_and_tells_its_progress(platform: Platform, cohere: CohereStandIn) -> None:
    add(platform, 1000)
    platform.worker()
    job = platform.wait_over(platform.launch())
    assert (job.status, job.total, job.done) == ("completed", 1000, 1000), platform.said()
    assert points(platform) == 1000
    assert len(cohere.script.calls) == 11
    assert max(call.texts for call in cohere.script.calls) <= 96
    hash_ = live.read(platform.house.redis, str(job.id))
    assert hash_ is not None and (hash_.status, hash_.percent, hash_.rate) == ("completed", 100.0, hash_.rate)
    assert hash_.rate is not None and hash_.rate > 0


def test_several_calls_are_in_flight_and_two_workers_share_a_job(platform: Platform, cohere: CohereStandIn) -> None:
    add(platform, 2000)
    cohere.script.latency = 0.2
    platform.worker()
    platform.worker()
    job_id = platform.launch()
    job = platform.wait_over(job_id)
    assert job.status == "completed"
    assert cohere.script.most_in_flight >= 4
    with platform.sessions() as session:
        assert len(ledger.parts_of(session, job_id)) >= 2
    assert len(set(cohere.script.texts_billed())) == len(cohere.script.texts_billed()) == 2000


def test_a_killed_worker_and_its_horse_lose_nothing(platform: Platform, cohere: CohereStandIn) -> None:
    add(platform, 3000)
    cohere.script.pause(after=FIRST_PART)
    platform.ticker()
    victim = platform.worker()
    job_id = platform.launch()
    eventually(lambda: done(platform, job_id) > 100 and cohere.script.in_flight)
    for horse in psutil.Process(victim.pid).children(recursive=True):
        horse.kill()
    victim.kill()
    victim.wait(60)
    cohere.script.go_on()
    platform.worker()
    job = platform.wait_over(job_id)
    assert (job.status, job.done, job.total) == ("completed", 3000, 3000), platform.said()
    assert points(platform) == 3000
    billed = cohere.script.texts_billed()
    in_flight = platform.settings.embed_concurrency * 96
    assert len(billed) - len(set(billed)) <= in_flight


def test_a_killed_horse_alone_is_noticed_at_once(platform: Platform, cohere: CohereStandIn) -> None:
    add(platform, 3000)
    cohere.script.pause(after=FIRST_PART)
    worker = platform.worker()
    job_id = platform.launch()
    eventually(lambda: done(platform, job_id) > 100 and cohere.script.in_flight)
    os.kill(psutil.Process(worker.pid).children()[0].pid, signal.SIGKILL)
    cohere.script.go_on()
    job = platform.wait_over(job_id)
    assert (job.status, job.done) == ("completed", 3000), platform.said()


def test_a_stopped_worker_hands_its_part_back_and_the_next_goes_on(platform: Platform, cohere: CohereStandIn) -> None:
    add(platform, 3000)
    cohere.script.latency = 0.3
    cohere.script.pause(after=FIRST_PART)
    worker = platform.worker()
    job_id = platform.launch()
    eventually(lambda: done(platform, job_id) > 100 and cohere.script.in_flight)
    worker.terminate()
    cohere.script.go_on()
    assert worker.wait(60) == 0
    assert platform.job(job_id).status not in OVER
    with platform.sessions() as session:
        assert [part.status for part in ledger.parts_of(session, job_id) if part.status == "running"] == []
    platform.worker()
    job = platform.wait_over(job_id)
    assert (job.status, job.done) == ("completed", 3000)
    billed = cohere.script.texts_billed()
    assert len(billed) == len(set(billed))


def test_one_refused_text_is_mended_and_retried(platform: Platform, cohere: CohereStandIn) -> None:
    ids = add(platform, 500)
    with platform.sessions.begin() as session:
        bad = "A text the provider REFUSES for a reason of its own."
        session.execute(update(Candidate).where(Candidate.id == ids[250]).values(summary=bad))
    cohere.script.markers.append("REFUSES")
    platform.worker()
    job = platform.wait_over(platform.launch())
    assert (job.status, job.done, job.failed) == ("completed_with_errors", 499, 1), platform.said()
    assert points(platform) == 499
    billed = cohere.script.texts_billed()
    assert len(billed) == len(set(billed)) == 499
    with platform.sessions.begin() as session:
        session.execute(update(Candidate).where(Candidate.id == ids[250]).values(summary="A mended text."))
    with platform.sessions() as session:
        again = retry(session, platform.house.redis, KINDS, job.id, actor=OPERATOR).job_id
    retried = platform.wait_over(again)
    assert (retried.status, retried.total, retried.done) == ("completed", 1, 1)
    with platform.sessions() as session:
        assert [failure.status for failure in session.scalars(select(Failure))] == ["resolved"]
        assert failures.open_count(session) == 0


def test_cancel_stops_within_a_batch_and_says_what_was_kept(platform: Platform, cohere: CohereStandIn) -> None:
    add(platform, 3000)
    cohere.script.pause(after=FIRST_PART)
    platform.worker()
    job_id = platform.launch()
    eventually(lambda: done(platform, job_id) > 100 and cohere.script.in_flight)
    with platform.sessions() as session:
        cancel(session, platform.house.redis, job_id, actor=OPERATOR, reason="enough")
    cohere.script.go_on()
    job = platform.wait_over(job_id)
    assert job.status == "cancelled" and 0 < job.done < 3000
    assert f"{job.done:,} of 3,000 are done and stay so." in job.message
    calls = len(cohere.script.calls)
    with platform.sessions() as session:
        assert session.scalar(select(func.count()).select_from(IndexState)) == job.done
        again = retry(session, platform.house.redis, KINDS, job_id, actor=OPERATOR).job_id
    rest = platform.wait_over(again)
    assert (rest.status, rest.done) == ("completed", 3000 - job.done)
    billed = cohere.script.texts_billed()
    assert len(billed) == len(set(billed)) == 3000
    assert len(cohere.script.calls) > calls


def test_a_refused_key_fails_the_job_within_seconds_with_the_cure(platform: Platform, cohere: CohereStandIn) -> None:
    add(platform, 500)
    cohere.script.refused_keys.add("key-of-the-tests")
    platform.worker()
    job = platform.wait_over(platform.launch())
    assert job.status == "failed"
    assert "COHERE_API_KEY" in (job.error_detail or "")
    assert job.failed == job.total == 500
    with platform.sessions() as session:
        assert failures.open_count(session) == 0


def test_a_provider_that_is_down_for_a_while_costs_time_only(platform: Platform, cohere: CohereStandIn) -> None:
    add(platform, 300)
    cohere.script.fail(Fault(status=503), times=3)
    cohere.script.fail(Fault("cut_body"), times=1)
    cohere.script.fail(Fault("nan"), times=1)
    platform.ticker()
    platform.worker()
    job = platform.wait_over(platform.launch())
    assert (job.status, job.done) == ("completed", 300), platform.said()
    assert points(platform) == 300


def test_a_wiped_redis_loses_no_job(platform: Platform, cohere: CohereStandIn) -> None:
    ids = add(platform, 3000)
    cohere.script.pause(after=FIRST_PART)
    platform.ticker()
    platform.worker()
    job_id = platform.launch()
    eventually(lambda: done(platform, job_id) > 100 and cohere.script.in_flight)
    platform.house.redis.flushall()
    cohere.script.go_on()
    job = platform.wait_over(job_id)
    assert (job.status, job.done) == ("completed", 3000), platform.said()
    assert {hit.id for hit in platform.house.index.retrieve(_name(platform), [point_id(ids[0])])} == {
        str(point_id(ids[0]))
    }


def _name(platform: Platform) -> str:
    collection = platform.house.index.current("candidates")
    assert collection is not None
    return collection.name
