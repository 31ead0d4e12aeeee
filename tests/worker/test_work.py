"""A worker stays in the register, whatever becomes of Redis."""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import UTC, datetime

import pytest
from redis import Redis
from rq import Worker
from rq.worker import WorkerStatus
from sqlalchemy.exc import OperationalError

from core.access import Actor
from core.jobs import orders
from core.jobs.listeners import awake, listeners
from core.jobs.queues import RUN_JOB, queue_of
from core.jobs.register import crew
from core.kinds import QUEUES
from tests.core.jobs.conftest import House
from tests.core.stack.test_children import until
from worker import hearing
from worker.work import VERSION, VigiaWorker, worker_on

MARTA = Actor("marta")


def test_a_register_that_was_wiped_is_told_again_by_who_waits(redis: Redis, worker: VigiaWorker) -> None:
    redis.flushall()
    worker.heartbeat()

    [listener] = listeners(redis)
    assert (listener.name, listener.queues) == (worker.name, frozenset({"jobs:etl"}))


def test_a_register_that_was_wiped_is_told_again_by_who_works(redis: Redis, worker: VigiaWorker) -> None:
    message = queue_of(redis, "jobs:etl").enqueue(RUN_JOB, "a job")
    message.started_at = datetime.now(UTC)
    execution = worker.prepare_execution(message)
    redis.flushall()
    worker.set_state(WorkerStatus.BUSY)
    worker.maintain_heartbeats(message, execution)

    [listener] = listeners(redis)
    assert (listener.queues, listener.busy) == (frozenset({"jobs:etl"}), True)


def test_a_key_that_ran_out_while_redis_hung_is_written_anew(redis: Redis, worker: VigiaWorker) -> None:
    redis.delete(worker.key)
    worker.heartbeat()

    assert [listener.queues for listener in listeners(redis)] == [{"jobs:etl"}]
    assert redis.ttl(worker.key) > 60


def test_a_worker_says_its_version_and_its_memory_with_each_beat(redis: Redis, worker: VigiaWorker) -> None:
    worker.heartbeat()
    [seen] = crew(redis)

    assert (seen.name, seen.pid, seen.queues, seen.version) == (worker.name, os.getpid(), ["jobs:etl"], VERSION)
    assert seen.beat_age is not None and seen.beat_age < 60
    if sys.platform == "linux":
        assert seen.memory is not None and seen.memory > 1_000_000


def test_a_worker_that_shall_drain_leaves_the_next_message_at_its_place(
    redis: Redis, worker: VigiaWorker, house: House
) -> None:
    queue = queue_of(redis, "jobs:etl")
    first, second = queue.enqueue(RUN_JOB, "first"), queue.enqueue(RUN_JOB, "second")
    told(house, worker, "drain")
    taken = worker.dequeue_job_and_maintain_ttl(1)
    assert taken is not None
    worker.execute_job(*taken)

    assert queue.job_ids == [first.id, second.id]
    with house.sessions() as session:
        orders.resume(session, worker.name, actor=MARTA)
    assert until(lambda: worker.hearing.order is None)


def test_a_cancellation_is_taken_before_what_it_cancels(redis: Redis, house: House) -> None:
    for force in (False, True):
        house.launch(force=force)
    act = house.launch("jobs.bulk", act="cancel", numbers=(1, 2)).job_id
    worker = worker_on(list(QUEUES), redis)
    worker.register_birth()
    taken = worker.dequeue_job_and_maintain_ttl(1)
    worker.register_death()

    assert taken is not None and taken[0].args == [str(act)]


def test_a_worker_that_shall_stop_is_told_so_once(
    worker: VigiaWorker, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    signals: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: signals.append(number))
    told(house, worker, "drain")
    assert signals == []
    told(house, worker, "stop")
    assert until(lambda: signals == [signal.SIGTERM])
    worker.hearing.close()

    assert signals == [signal.SIGTERM]


def test_a_worker_that_leaves_leaves_no_order_behind(worker: VigiaWorker, house: House) -> None:
    told(house, worker, "drain")
    worker.hearing.close()

    with house.sessions() as session:
        assert orders.orders(session) == {}


def test_a_worker_forks_and_ends_while_postgresql_hangs(
    redis: Redis, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "STILL_SECONDS", 0.01)
    monkeypatch.setattr(hearing, "END_SECONDS", 0.01)
    forked: list[object] = []
    monkeypatch.setattr(Worker, "fork_work_horse", lambda *_: forked.append(1))
    asked, answer = threading.Event(), threading.Event()
    monkeypatch.setattr(orders, "order_for", lambda *_: (asked.set(), answer.wait(60), None)[2])
    worker = worker_on(["jobs:etl"], redis)
    worker.register_birth()
    assert asked.wait(60)
    worker.fork_work_horse(queue_of(redis, "jobs:etl").enqueue(RUN_JOB, "a job"), queue_of(redis, "jobs:etl"))
    worker.register_death()
    answer.set()

    assert forked == [1]


def test_a_worker_that_was_never_born_may_die(redis: Redis, house: House) -> None:
    worker_on(["jobs:etl"], redis).hearing.close()


def test_an_order_for_a_worker_that_was_killed_is_swept_in_an_hour(
    redis: Redis, worker: VigiaWorker, house: House
) -> None:
    now = [0.0]
    sweep = orders.Sweep(lambda: now[0])
    with house.sessions() as session:
        for name in (worker.name, "killed"):
            orders.drain(session, name, actor=MARTA, reason="new machine")
        for moment in (0.0, 3599.0, 3601.0):
            assert set(orders.orders(session)) == {worker.name, "killed"}
            now[0] = moment
            sweep.sweep(session, redis)
        assert set(orders.orders(session)) == {worker.name}


def test_an_order_stands_while_postgresql_is_away(
    worker: VigiaWorker, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(house, worker, "drain")
    asked: list[object] = []

    def away(*_: object) -> None:
        asked.append(1)
        raise OperationalError("", {}, Exception())

    with monkeypatch.context() as patched:
        patched.setattr(orders, "order_for", away)
        assert until(lambda: len(asked) > 1)
        assert worker.hearing.order is not None


def test_a_drained_worker_is_there_and_takes_nothing(redis: Redis, worker: VigiaWorker) -> None:
    worker.set_state(WorkerStatus.SUSPENDED)
    [listener] = listeners(redis)

    assert listener.drained
    assert awake(redis) == []


def told(house: House, worker: VigiaWorker, what: str) -> None:
    """Give an order, and wait until the worker has heard it."""
    with house.sessions() as session:
        getattr(orders, what)(session, worker.name, actor=MARTA, reason="new machine")
    assert until(lambda: worker.hearing.order is not None and worker.hearing.order.what == what)
