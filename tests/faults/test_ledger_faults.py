"""What people, clocks, locks, Redis and dying workers can do to the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from redis import ConnectionError, Redis
from sqlalchemy import delete, func, select, text, update

from core.jobs import ledger, live, part_end, queues
from core.jobs.cancel import cancel
from core.jobs.reconcile import reconcile
from core.jobs.retry import retry
from core.kinds import KINDS
from core.models import Candidate, Failure, Job, Part
from tests.core.jobs.conftest import ANA, House
from tests.core.stack.test_children import until
from tests.factories import people


def add(house: House, count: int) -> list[int]:
    with house.sessions.begin() as session:
        return list(people(session, count))


def job_of(house: House, job_id: object) -> Job:
    with house.sessions() as session:
        return session.get_one(Job, job_id)


def reconciled(house: House) -> None:
    with house.sessions() as session:
        reconcile(session, house.redis)


def test_many_clicks_at_once_are_one_job(house: House) -> None:
    with ThreadPoolExecutor(5) as tabs:
        launched = list(tabs.map(lambda _: house.launch(), range(10)))
    assert len({one.job_id for one in launched}) == 1
    assert sum(one.new for one in launched) == 1


def test_many_presses_of_retry_are_one_job(house: House) -> None:
    add(house, 10)
    job_id = house.launch().job_id
    house.split(job_id)
    with house.sessions() as session:
        cancel(session, house.redis, job_id, actor=ANA)

    def press(_: int) -> object:
        with house.sessions() as session:
            return retry(session, house.redis, KINDS, job_id, actor=ANA).job_id

    with ThreadPoolExecutor(4) as tabs:
        assert len(set(tabs.map(press, range(8)))) == 1


def test_overlapping_jobs_bill_each_record_once(house: House) -> None:
    ids = add(house, 60)
    jobs = [house.launch().job_id, house.launch(limit=40).job_id]
    jobs.append(house.launch("etl.embed", candidate_ids=ids[:20]).job_id)
    for job_id in jobs:
        house.split(job_id)
    for job_id in jobs:
        house.run(job_id)
    assert {job_of(house, job_id).status for job_id in jobs} == {"completed"}
    assert len(house.embedder.texts) == len(set(house.embedder.texts)) == 60


def test_who_is_deleted_while_we_embed_is_not_found_afterwards(house: House) -> None:
    ids = add(house, 3)

    def delete_one(texts: object) -> None:
        with house.sessions.begin() as session:
            session.execute(delete(Candidate).where(Candidate.id == ids[1]))

    house.embedder.before = delete_one
    job_id = house.launch().job_id
    house.run(job_id)
    assert job_of(house, job_id).status == "completed"
    assert house.index.collection is not None
    assert house.index.count(house.index.collection.name, "candidate") == 2


def somebody_waits(house: House) -> bool:
    """Look in a transaction of its own: within one, PostgreSQL shows the same moment however often it is asked."""
    waits = text("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
    with house.sessions() as session:
        return session.execute(waits).first() is not None


def test_rows_that_somebody_has_locked_only_cost_time(house: House) -> None:
    ids = add(house, 30)
    job_id = house.launch().job_id
    house.split(job_id)
    with ThreadPoolExecutor(1) as worker, house.sessions() as other:
        other.execute(select(Job.id).where(Job.id == job_id).with_for_update())
        other.execute(select(Candidate.id).where(Candidate.id.in_(ids)).with_for_update())
        running = worker.submit(house.run, job_id)
        assert until(lambda: somebody_waits(house))
        other.rollback()
        running.result(60)
    assert job_of(house, job_id).done == 30


def test_a_part_that_kills_its_workers_is_set_aside_and_the_others_go_on(house: House) -> None:
    add(house, 600)
    job_id = house.launch().job_id
    house.split(job_id)
    for _ in range(3):
        assert house.claim(job_id, 0) is not None
        with house.sessions.begin() as session:
            session.execute(update(Part).where(Part.n == 0).values(lease_until=func.now() - timedelta(seconds=1)))
        reconciled(house)
    assert house.claim(job_id, 0) is None
    part = house.claim(job_id, 1)
    assert part is not None
    with house.running(part) as run:
        KINDS["etl.sync"].run(run)
    with house.sessions.begin() as session:
        part_end.finish(session, ledger.lock(session, job_id), run.ref)
    job = job_of(house, job_id)
    assert (job.status, job.done, job.failed) == ("completed_with_errors", part.total, 600 - part.total)
    with house.sessions() as session:
        assert [failure.cause for failure in session.scalars(select(Failure))] == ["part_kills_worker"]


def test_a_job_that_waits_is_cancelled_at_once(house: House) -> None:
    add(house, 10)
    job_id = house.launch().job_id
    house.split(job_id)
    part = house.claim(job_id)
    assert part is not None
    with house.sessions.begin() as session:
        ref = house.running(part).ref
        part_end.wait(session, ledger.lock(session, job_id), ref, seconds=600, message="Cohere rests", counts=True)
    with house.sessions() as session:
        assert cancel(session, house.redis, job_id, actor=ANA) == "cancelled"
    reconciled(house)
    assert house.claim(job_id) is None


@pytest.mark.parametrize("skew", [timedelta(days=1), timedelta(days=-1)])
def test_a_worker_whose_clock_is_wrong_harms_nobody(house: House, skew: timedelta) -> None:
    add(house, 10)
    job_id = house.launch().job_id
    house.split(job_id)
    with time_machine.travel(datetime.now(UTC) + skew):
        part = house.claim(job_id)
        assert part is not None
        reconciled(house)
        with house.running(part) as run:
            KINDS["etl.sync"].run(run)
        with house.sessions.begin() as session:
            part_end.finish(session, ledger.lock(session, job_id), run.ref)
    job = job_of(house, job_id)
    assert job.status == "completed" and job.started_at and job.finished_at
    assert job.created_at <= job.started_at <= job.finished_at < datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def full(redis: Redis) -> Iterator[Redis]:
    """A Redis that takes no more writes."""
    redis.config_set("maxmemory", 1)
    yield redis
    redis.config_set("maxmemory", 0)


def test_a_redis_that_is_full_loses_no_launch(house: House, full: Redis) -> None:
    add(house, 10)
    job_id = house.launch().job_id
    assert job_of(house, job_id).status == "queued"
    house.run(job_id)
    assert job_of(house, job_id).done == 10
    waiting = house.launch(force=True).job_id

    full.config_set("maxmemory", 0)
    reconciled(house)
    assert queues.waiting_messages(full, "jobs:etl") == {f"{waiting}-split"}
    view = live.read(full, str(job_id))
    assert view is not None and view.status == "completed"


def test_a_ring_whose_answer_is_lost_is_rung_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    add(house, 10)
    ring = queues.ring_job

    def lose(*args: Any) -> None:
        ring(*args)
        raise ConnectionError("the answer is lost")

    monkeypatch.setattr(queues, "ring_job", lose)
    job_id = house.launch().job_id
    assert job_of(house, job_id).rung_at is None
    reconciled(house)
    assert job_of(house, job_id).rung_at is not None
    assert house.redis.llen("rq:queue:jobs:etl") == 1
