"""A worker stays in the register, whatever becomes of Redis."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import NoReturn

import pytest
from redis import Redis
from rq import Queue, Worker
from rq.exceptions import StopRequested
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
from worker.signals import STOPS, TO_PART, stop_requested
from worker.work import VERSION, VigiaWorker, worker_on

MARTA = Actor("marta")


@pytest.fixture
def worker(redis: Redis, house: House) -> Iterator[VigiaWorker]:
    """A worker in the register, as one is that waits for a message."""
    worker = worker_on(["jobs:etl"], redis)
    worker.register_birth()
    yield worker
    worker.register_death()


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Give pytest its signals back: a worker takes them."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


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


@pytest.mark.parametrize("swallowed", [Exception, BaseException])
@pytest.mark.usefixtures("own_signals")
def test_a_stop_is_heard_though_a_library_swallows_what_the_signal_raises(
    redis: Redis, house: House, monkeypatch: pytest.MonkeyPatch, swallowed: type[BaseException]
) -> None:
    """redis-py counts its connections so, at each command; and nothing that is raised leaves a destructor."""
    worker = worker_on(["jobs:etl"], redis)
    waited: list[object] = []

    def stopped_here(message: str) -> None:
        with suppress(swallowed):
            os.kill(os.getpid(), signal.SIGTERM)

    def waits(*_: object, **__: object) -> NoReturn:
        waited.append(1)
        raise StopRequested

    monkeypatch.setattr(worker, "procline", stopped_here)  # just before it waits for a message
    monkeypatch.setattr(Queue, "dequeue_any", waits)
    worker.work(logging_level="WARNING")

    assert waited == []
    assert listeners(redis) == []


@pytest.mark.usefixtures("own_signals")
def test_a_stop_while_the_worker_enters_the_register_leaves_nothing_in_it(
    redis: Redis, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = worker_on(["jobs:etl"], redis)
    subscribe = worker.subscribe

    def stopped_first() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        subscribe()

    monkeypatch.setattr(worker, "subscribe", stopped_first)
    worker.work(logging_level="WARNING")

    assert listeners(redis) == []


@pytest.mark.usefixtures("own_signals")
def test_a_stop_ends_the_wait_for_a_message(redis: Redis, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = worker_on(["jobs:etl"], redis)
    waited_on: list[object] = []

    def waits(*_: object, **__: object) -> NoReturn:
        with suppress(Exception):  # as redis-py does
            os.kill(os.getpid(), signal.SIGTERM)
        waited_on.append(1)
        raise StopRequested

    monkeypatch.setattr(Queue, "dequeue_any", waits)
    worker.work(logging_level="WARNING")

    assert waited_on == []


@pytest.mark.parametrize("queues", [["jobs:etl"], ["jobs:etl", "jobs:maintenance"]])
@pytest.mark.parametrize("when", ["get_redis_server_version", "execute_job"])
@pytest.mark.usefixtures("own_signals")
def test_a_stop_that_comes_with_a_message_leaves_it_for_another_worker(
    redis: Redis, house: House, monkeypatch: pytest.MonkeyPatch, queues: list[str], when: str
) -> None:
    queue = queue_of(redis, "jobs:etl")
    message = queue.enqueue(RUN_JOB, "a job")
    worker = worker_on(queues, redis)
    act = getattr(worker, when)

    def stopped_first(*given: object) -> object:
        os.kill(os.getpid(), signal.SIGTERM)
        return act(*given)

    monkeypatch.setattr(worker, when, stopped_first)
    worker.work(logging_level="WARNING")

    assert queue.job_ids == [message.id]


@pytest.mark.usefixtures("own_signals")
def test_a_stop_while_the_worker_forks_reaches_the_part(
    redis: Redis, worker: VigiaWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *signal_to: told.append(signal_to))

    def fork(worker: VigiaWorker, *_: object) -> None:
        worker.request_stop(signal.SIGTERM, None)
        worker._horse_pid = 4711

    monkeypatch.setattr(Worker, "fork_work_horse", fork)
    queue = queue_of(redis, "jobs:etl")
    worker.fork_work_horse(queue.enqueue(RUN_JOB, "a job"), queue)

    assert told == [(4711, TO_PART)]


@pytest.mark.parametrize("told", [signal.SIGTERM, TO_PART])
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # the new process here does nothing else
def test_a_part_that_is_told_before_it_can_listen_hears_it_later(
    redis: Redis, worker: VigiaWorker, monkeypatch: pytest.MonkeyPatch, told: signal.Signals
) -> None:
    def horse(worker: VigiaWorker, *_: object) -> None:
        os.kill(os.getpid(), told)
        worker.setup_work_horse_signals()
        os._exit(0 if stop_requested().is_set() else 1)

    monkeypatch.setattr(Worker, "main_work_horse", horse)
    for name in ("RQ_WORKER_ID", "RQ_JOB_ID"):  # RQ sets them here, and they shall go
        monkeypatch.setenv(name, "")
    queue = queue_of(redis, "jobs:etl")
    worker.fork_work_horse(queue.enqueue(RUN_JOB, "a job"), queue)

    assert worker.wait_for_horse()[1] == 0
    assert not set(STOPS) & signal.pthread_sigmask(signal.SIG_BLOCK, [])


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
