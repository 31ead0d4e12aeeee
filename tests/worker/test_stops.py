"""A worker that is told to stop does, wherever the signal finds it, and loses nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import NoReturn

import pytest
from redis import Redis
from rq import Queue, Worker
from rq.exceptions import StopRequested

from core.jobs.listeners import listeners
from core.jobs.queues import RUN_JOB, queue_of
from tests.core.jobs.conftest import House
from worker.signals import STOPS, TO_PART, stop_requested
from worker.work import VigiaWorker, worker_on


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Give pytest its signals back: a worker takes them."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


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
