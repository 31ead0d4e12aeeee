"""The walks of waiting: a provider that asks for time, a key that is refused, a crowd of jobs."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select

from core import failures
from core.jobs import ledger
from core.jobs.retry import retry
from core.kinds import KINDS
from core.models import JobEvent, Part, Spend
from tests.factories import people
from tests.standins.cohere import CohereStandIn
from tests.standins.cohere_script import Fault
from tests.walks.conftest import OPERATOR, Platform, eventually

CROWD = 24


def add(platform: Platform, count: int) -> list[int]:
    with platform.sessions.begin() as session:
        return list(people(session, count))


def open_failures(platform: Platform) -> int:
    with platform.sessions() as session:
        return failures.open_count(session)


def test_a_refused_key_costs_one_call_and_its_retry_one_more(platform: Platform, cohere: CohereStandIn) -> None:
    ids = add(platform, 2000)
    cohere.script.refused_keys.add("key-of-the-tests")
    jobs = [platform.launch(limit=1900), *(platform.launch("etl.embed", candidate_ids=[n]) for n in ids[:5])]
    for _ in range(3):
        platform.worker()

    ends = [platform.wait_over(job_id) for job_id in jobs]

    assert {job.status for job in ends} == {"failed"}, platform.said()
    assert all("COHERE_API_KEY" in (job.error_detail or "") for job in ends)
    assert len(cohere.script.calls) == 1
    assert open_failures(platform) == 0
    refusal = platform.house.refusal()
    assert refusal is not None and refusal.code == "cohere_key_refused"

    cohere.script.heal()
    with platform.sessions() as session:
        again = retry(session, platform.house.redis, KINDS, jobs[0], actor=OPERATOR).job_id
    assert (platform.wait_over(again).status, platform.house.refusal()) == ("completed", None)


def test_a_retry_after_is_kept_though_redis_forgets_it(platform: Platform, cohere: CohereStandIn) -> None:
    add(platform, 1500)
    cohere.script.fail(Fault(status=429, retry_after="9"))
    platform.ticker()
    for _ in range(2):
        platform.worker()
    job_id = platform.launch()
    eventually(lambda: len(cohere.script.calls) > 0)
    eventually(lambda: waiting(platform, job_id))

    platform.house.redis.flushall()
    other = platform.launch("etl.embed", candidate_ids=[10**9])  # needs no call: the workers are free for it
    assert platform.wait_over(other).status == "completed"
    assert waiting(platform, job_id) and len(cohere.script.calls) == 1
    job = platform.wait_over(job_id)

    assert (job.status, job.done) == ("completed", 1500), platform.said()
    first, *later = cohere.script.calls
    assert all(call.at > first.ended + 8.99 for call in later)
    assert any("aiting for Cohere until" in line for line in story(platform, job_id))


def waiting(platform: Platform, job_id: uuid.UUID) -> bool:
    return platform.job(job_id).status == "waiting"


def story(platform: Platform, job_id: uuid.UUID) -> list[str]:
    with platform.sessions() as session:
        return list(session.scalars(select(JobEvent.message).where(JobEvent.job_id == job_id)))


def test_a_crowd_of_jobs_launched_at_once_all_end_and_none_is_done_twice(
    platform: Platform, cohere: CohereStandIn
) -> None:
    ids = add(platform, CROWD)
    platform.ticker()
    for _ in range(3):
        platform.worker()
    jobs = [platform.launch("etl.embed", candidate_ids=[n]) for n in ids]

    for job_id in jobs:
        assert platform.wait_over(job_id).status == "completed", platform.said()

    billed = cohere.script.texts_billed()
    assert len(billed) == len(set(billed)) == CROWD
    with platform.sessions() as session:
        assert session.scalar(select(func.max(Part.attempt))) == 1
        assert session.scalar(select(func.sum(Spend.inputs))) == CROWD
        assert all(ledger.find(session, job_id).tokens > 0 for job_id in jobs)
