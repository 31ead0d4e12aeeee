"""Our RQ worker: it runs two functions only, and asks the running part to end its batch when it is told to stop."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import time
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from types import FrameType
from typing import Any

import structlog
from redis import RedisError
from redis.client import Pipeline
from rq import Queue, Worker, worker_registration
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job as Message
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

from core.container import redis_for
from core.jobs import register
from core.jobs.queues import ALLOWED
from core.settings import settings
from worker.hearing import Hearing
from worker.memory import resident
from worker.run import part_died
from worker.signals import STOPS, TO_PART, stop_requested

log = structlog.get_logger(__name__)

VERSION = version("vigia")
DRAINED_SECONDS = 1.0  # a drained worker looks so often whether it may go on


class _Woken(BaseException):
    """A stop reached us while we waited for a message. Not an Exception: redis-py swallows those between commands."""


class VigiaWorker(Worker):
    """Forks for each message. The lease is the timeout; recovery is the ledger's, not RQ's."""

    _waits = False  # for a message

    @cached_property
    def hearing(self) -> Hearing:
        """What people want of this worker."""
        return Hearing(self.name)

    def bootstrap(self, *given: Any, **named: Any) -> None:
        """Enter the register; a stop from now on is one in order, for whoever dies here stays in the register."""
        self._install_signal_handlers()  # type: ignore[no-untyped-call]
        super().bootstrap(*given, **named)

    def execute_job(self, job: Message, queue: Queue) -> None:
        if self._stop_requested or self.hearing.order is not None:  # another worker shall have it
            self._put_back(job, queue)
            return
        if job.func_name not in ALLOWED:
            self.handle_job_failure(job, queue, exc_string=f"{job.func_name!r} is not a function that workers run")
            return
        super().execute_job(job, queue)

    def check_for_suspension(self, burst: bool) -> None:
        """Take nothing while we are drained."""
        super().check_for_suspension(burst)
        if self.hearing.order is None:
            return
        self.set_state(WorkerStatus.SUSPENDED)
        while not self._stop_requested and self.hearing.order is not None:
            self.heartbeat()
            time.sleep(DRAINED_SECONDS)
        self.set_state(WorkerStatus.IDLE)

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Message, Queue] | None:
        """Wait for a message, or for a stop."""
        try:
            self._waits = True
            try:
                return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
            finally:
                self._waits = False
        except _Woken:
            raise StopRequested from None

    def reorder_queues(self, reference_queue: Queue) -> None:
        """Wait no more: a message is in hand, and a stop shall find it put back."""
        self._waits = False
        super().reorder_queues(reference_queue)

    def fork_work_horse(self, job: Message, queue: Queue) -> None:
        """Fork while no other thread of ours holds a lock; no stop is lost between the two processes."""
        with self.hearing.still():
            signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # the new process takes it when it is ready
            try:
                super().fork_work_horse(job, queue)
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
        if self._stop_requested:
            self._tell_part()

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Beat while waiting for a message."""
        super().heartbeat(timeout, pipeline)
        if pipeline is None:
            self._stay_registered()
        self._wake_up()

    def maintain_heartbeats(self, job: Message, execution: Execution) -> None:
        """Beat while a message is worked on."""
        super().maintain_heartbeats(job, execution)
        self._stay_registered()

    def setup_work_horse_signals(self) -> None:
        """Listen for a stop from the first moment, so that no signal kills the process of a part."""
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        stop_requested()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Warm stop: also tell the part, so that it ends its batch and hands itself back."""
        self._tell_part()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def _shutdown(self) -> None:
        """Stop before the next message.

        RQ raises wherever the signal finds it, in the middle of redis-py or of a destructor, and both may swallow what
        is raised: such a worker went on for ever. Nor is Redis told of it, for nobody reads that.
        """
        self._stop_requested = True
        self._wake_up()

    def _tell_part(self) -> None:
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, TO_PART)

    def _wake_up(self) -> None:
        if self._waits and self._stop_requested:
            raise _Woken

    def unsubscribe(self) -> None:
        """Stop listening at once. In RQ's own order its thread falls asleep again, and every stop takes a second."""
        thread: Any = self.pubsub_thread
        if thread is not None:
            thread.stop()
        super().unsubscribe()  # type: ignore[no-untyped-call]

    def register_birth(self) -> None:
        """Enter the register, and listen to what people want of us."""
        super().register_birth()  # type: ignore[no-untyped-call]
        self.hearing.start()

    def register_death(self) -> None:
        """Leave the register, and no order behind."""
        try:
            super().register_death()  # type: ignore[no-untyped-call]
        finally:
            self.hearing.close()

    def teardown(self) -> None:
        """Leave the register where Redis answers; where it does not, our key in it runs out."""
        self.connection = redis_for(settings().redis_url)  # that by which we listened would wait two minutes
        try:
            super().teardown()  # type: ignore[no-untyped-call]
        except RedisError as error:
            log.warning("register_not_left", error=type(error).__name__)

    def _put_back(self, job: Message, queue: Queue) -> None:
        """Return a message to the head of its queue."""
        with self.connection.pipeline() as pipe:
            pipe.lrem(queue.intermediate_queue_key, 1, job.id)  # there, where it was the only queue
            pipe.lpush(queue.key, job.id)
            pipe.execute()

    def _facts(self) -> dict[str, str | int]:
        """Say what RQ's register does not: our version, and the memory of this process and of a part's."""
        sizes = {"memory": resident(os.getpid()), "part_memory": self.horse_pid and resident(self.horse_pid)}
        return {"version": VERSION} | {name: size for name, size in sizes.items() if size}

    def _stay_registered(self) -> None:
        """Enter the register again when Redis has forgotten us: it was wiped, or hung until our key ran out."""
        with self.connection.pipeline() as pipe:
            pipe.hexists(self.key, "birth")
            pipe.sismember(self.redis_workers_keys, self.key)
            register.add(pipe, self.name, self._facts())
            if self.birth_date is None or all(pipe.execute()[:2]):
                return
            pipe.hset(self.key, mapping=self.serialize())
            self.set_state(self.get_state(), pipe)
            worker_registration.register(self, pipe)
            pipe.execute()


def worker_on(queues: list[str], connection: object) -> VigiaWorker:
    """Make a worker on these queues, its dead found in seconds."""
    # Readable in the portal; the end is random, for a restarted machine may give the same process id again.
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
    return VigiaWorker(
        queues,
        name=name,
        connection=connection,  # type: ignore[arg-type]
        serializer=JSONSerializer,
        worker_ttl=30,
        maintenance_interval=60,
        job_monitoring_interval=5,
        work_horse_killed_handler=part_died,
    )
