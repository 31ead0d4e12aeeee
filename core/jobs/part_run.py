"""A part in the hands of a worker: what its kind's `run` is given, and how its outcome reaches the ledger."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

import structlog
from redis import Redis
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from core.claims import owner_of
from core.errors import Cancelled, GiveUp, HandBack, JobError, LeaseLost
from core.jobs import ledger, paused
from core.jobs.kind import JobKind
from core.jobs.publish import publish
from core.models import Part
from core.ports import Claims, Collection, Embedder, VectorIndex, Work
from core.settings import Settings
from core.stop import Stop
from core.tally import StepCount, Tally

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0  # so soon a part hears that its job stops, though it commits nothing meanwhile
PUBLISH_SECONDS = 0.4  # the live hash is for people: more often is work for nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The outside world as a part needs it; made fresh for each."""

    settings: Settings
    sessions: sessionmaker[Session]
    lease_sessions: sessionmaker[Session]
    redis: Redis
    embedder: Embedder
    index: VectorIndex
    claims: Claims
    kinds: Mapping[str, JobKind] = field(default_factory=dict)  # for jobs that launch others


class PartRun:
    """One claim of one part. `commit` moves it forward, `check` stops it, a thread renews its lease."""

    def __init__(
        self,
        part: Part,
        *,
        steps: Sequence[str],
        payload: Any,
        tools: Tools,
        collection: Collection,
        stop: Stop,
        age: float = 0.0,
    ) -> None:
        """`age` is for how many seconds the job has been asked for."""
        assert part.token is not None
        self.ref = ledger.Ref(part.job_id, part.n, part.token)
        self.payload = payload
        self.tools = tools
        self.collection = collection
        self.ids: Sequence[int] = part.record_ids[part.cursor :]
        self._counts = Tally(part.cursor, part.done, part.skipped, part.failed)
        self._counts.steps = {name: StepCount(name) for name in steps}
        for row in part.steps:
            self._counts.count(StepCount(**row))
        self._stop = stop
        self._told: JobError | None = None
        self._paused = False
        self._began = self._published = time.monotonic()
        self._held_until = self._began + tools.settings.lease_seconds
        self.work = Work(self._began - age, self.check)
        self._ended = threading.Event()
        self._renewer = threading.Thread(
            target=copy_context().run, args=(self._renew,), name="renew-lease", daemon=True
        )

    @property
    def job_id(self) -> uuid.UUID:
        return self.ref.job_id

    @property
    def number(self) -> int:
        return self.ref.n

    @property
    def owner(self) -> str:
        """Name this holder of the part: what it has claimed is freed when it is found dead."""
        return owner_of(self.ref.job_id, self.ref.n, self.ref.token)

    def __enter__(self) -> PartRun:
        self._renewer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._renewer.join()

    def check(self) -> None:
        """Raise when the work must stop: LeaseLost, Cancelled, GiveUp, or HandBack after its share of time."""
        if self._told is not None:
            raise self._told
        self.still_held()
        if self._stop.is_set():
            raise HandBack("the worker is stopping")
        if self._paused:
            raise HandBack("the queue is paused")
        if time.monotonic() - self._began > self.tools.settings.part_seconds:
            raise HandBack("others take their turn")

    def still_held(self) -> None:
        """Raise LeaseLost when the lease is over by our own clock: who was frozen must pay and write nothing more."""
        if isinstance(self._told, LeaseLost) or time.monotonic() > self._held_until:
            raise LeaseLost("the lease ran out before a write")

    def commit(self, share: Tally, write: Callable[[Session], None]) -> None:
        """Write a share's results and its counters in one transaction; raise LeaseLost when the part is another's."""
        self._counts.add(share)
        began = time.monotonic()
        with self.tools.sessions.begin() as session:
            job = ledger.lock(session, self.job_id)
            ledger.advance(session, job, self.ref, self._progress(), lease=self.tools.settings.lease_seconds)
            write(session)
            state = (job.status, job.error_code)
        self._held_until = began + self.tools.settings.lease_seconds
        if time.monotonic() - self._published > PUBLISH_SECONDS:
            self._published = time.monotonic()
            with self.tools.sessions() as session:
                publish(session, self.tools.redis, self.job_id)
        ledger.stop_if_told(*state)

    def _progress(self) -> ledger.Progress:
        counts = self._counts
        return ledger.Progress(
            cursor=counts.records,
            done=counts.done,
            skipped=counts.skipped,
            failed=counts.failed,
            steps=[step.row() for step in counts.steps.values()],
        )

    def _renew(self) -> None:
        """Renew every third of a lease; a database that is away for a moment is tried again until the lease is over.

        Between, look whether the job goes on, and whether its queue does. Whatever is told, the lease is kept until
        the batch in hand has ended: a call may outlive it, and its answer is paid for.
        """
        while not self._ended.wait(min(LOOK_SECONDS, max(0.1, (self._held_until - time.monotonic()) / 3))):
            try:
                self._hold_on()
                self._look()
            except LeaseLost as lost:
                self._told = lost
                return
            except (Cancelled, GiveUp) as told:
                self._told = told
            except SQLAlchemyError as error:
                log.warning("lease_not_renewed", error=type(error).__name__)
                if time.monotonic() > self._held_until:
                    self._told = LeaseLost("the lease ran out while the database was away")
                    return

    def _hold_on(self) -> None:
        """Renew the lease when a third of it is over."""
        lease, began = self.tools.settings.lease_seconds, time.monotonic()
        if self._held_until - began > lease * 2 / 3:
            return
        with self.tools.lease_sessions.begin() as session:
            ledger.renew(session, self.ref, lease=lease)
        self._held_until = began + lease

    def _look(self) -> None:
        with self.tools.lease_sessions() as session:
            self._paused = paused.holds(session, self.job_id)
            ledger.look(session, self.job_id)
