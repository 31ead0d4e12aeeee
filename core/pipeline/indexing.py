"""Candidates into the index: row -> text -> vector -> point -> acknowledged, with several calls in flight.

Shares of a part are read in order, worked on by threads, and committed in order. No transaction is open while a
provider is called. Doing it twice does no harm: ids are deterministic, writes are fenced by version, vectors kept.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Semaphore
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

from core import failures, index_state
from core.errors import JobError, LeaseLost
from core.pipeline.plan import RECORD_KIND, Plan, Write
from core.pipeline.share import Outcome, Sharer
from core.pipeline.vectors import Vectorizer
from core.ports import Claims, Collection, Embedder, VectorIndex, Work
from core.tally import StepCount, Tally

READ = 480  # candidates in one read
SPARE = 4  # shares that are being written while all calls are in flight
TOGETHER = 10  # shares in one commit at most
COMMIT_SECONDS = 0.25  # and at least so often: a commit costs as much as a share, and people watch


class IndexingTools(Protocol):
    """The outside world of a part."""

    @property
    def sessions(self) -> sessionmaker[Session]: ...
    @property
    def embedder(self) -> Embedder: ...
    @property
    def index(self) -> VectorIndex: ...
    @property
    def claims(self) -> Claims: ...


class IndexingPart(Protocol):
    """What indexing needs of the part it works for."""

    @property
    def job_id(self) -> UUID: ...
    @property
    def number(self) -> int: ...
    @property
    def owner(self) -> str: ...
    @property
    def work(self) -> Work: ...
    @property
    def ids(self) -> Sequence[int]: ...
    @property
    def collection(self) -> Collection: ...
    @property
    def tools(self) -> IndexingTools: ...
    def check(self) -> None: ...
    def still_held(self) -> None: ...
    def commit(self, share: Tally, write: Callable[[Session], None]) -> None: ...


def index_candidates(part: IndexingPart, *, force: bool) -> None:
    """Index the part's candidates from where it stands to its end, or until `part.check` stops it.

    `force` writes every point again; texts are paid for only where no vector was kept.
    """
    sharer = _sharer(part, force)
    flight = Flight(part, sharer, most=part.tools.embedder.concurrency + SPARE)
    try:
        for plans in _shares(part, sharer):
            part.check()
            flight.send(plans)
        flight.finish()
    except LeaseLost:
        raise  # what is in flight belongs to another holder now
    except JobError:
        flight.land()
        raise
    finally:
        flight.close()


class Flight:
    """Shares on their way: worked on by threads, committed in their order, several in one transaction."""

    def __init__(self, part: IndexingPart, sharer: Sharer, *, most: int) -> None:
        self.part = part
        self.sharer = sharer
        self.most = most
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="share")
        self._flying: deque[Future[Outcome]] = deque()
        self._landed: list[Outcome] = []
        self._committed = time.monotonic()

    def send(self, plans: Sequence[Plan]) -> None:
        """Start a share; wait first while as many are in flight as may be."""
        while len(self._flying) >= self.most:
            self._settle_first()
        self._flying.append(self._pool.submit(copy_context().run, self.sharer.work, plans))
        while self._flying and self._flying[0].done():
            self._settle_first()

    def finish(self) -> None:
        """Bring everything down and commit it."""
        while self._flying:
            self.part.check()
            self._settle_first()
        self._commit()

    def land(self) -> None:
        """Keep what was paid for: let calls in flight end, commit what went well before the first that did not."""
        self.close()
        while self._flying and not self._flying[0].cancelled() and self._flying[0].exception() is None:
            self._landed.append(self._flying.popleft().result())
        self._commit()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _settle_first(self) -> None:
        """Take the first share in; it stays in flight when it failed, for what comes after it must not be counted."""
        self._landed.append(self._flying[0].result())
        self._flying.popleft()
        if len(self._landed) >= TOGETHER or time.monotonic() - self._committed > COMMIT_SECONDS:
            self._commit()

    def _commit(self) -> None:
        outcomes, self._landed = self._landed, []
        self._committed = time.monotonic()
        if not outcomes:
            return
        tally = Tally()
        for outcome in outcomes:
            tally.add(outcome.tally())
        for step, seconds in self.sharer.watch.drain().items():
            tally.count(StepCount(step, seconds=seconds))
        self.part.commit(tally, lambda session: _write(session, self.part, outcomes))


def _sharer(part: IndexingPart, force: bool) -> Sharer:
    vectorizer = Vectorizer(
        embedder=part.tools.embedder,
        claims=part.tools.claims,
        sessions=part.tools.sessions,
        job_id=part.job_id,
        owner=part.owner,
        work=part.work,
        calling=Semaphore(part.tools.embedder.concurrency),
    )
    return Sharer(
        vectorizer=vectorizer,
        index=part.tools.index,
        collection=part.collection,
        still_held=part.still_held,
        force=force,
    )


def _shares(part: IndexingPart, sharer: Sharer) -> Iterator[list[Plan]]:
    """Read the part and cut it where the texts of a share fill a call."""
    share: list[Plan] = []
    texts: set[bytes] = set()
    for start in range(0, len(part.ids), READ):
        for todo in sharer.plans(part.ids[start : start + READ]):
            share.append(todo)
            if isinstance(todo, Write) and todo.text is not None:
                texts.add(todo.content_hash)
            if len(texts) >= sharer.vectorizer.embedder.batch or len(share) >= READ:
                yield share
                share, texts = [], set()
    if share:
        yield share


def _write(session: Session, part: IndexingPart, outcomes: Sequence[Outcome]) -> None:
    """Say in the tables what the index has acknowledged, and what was set aside: of that, no point is left."""
    collection = part.collection
    place = (RECORD_KIND, collection.name)
    states = [state for outcome in outcomes for state in outcome.written.values()]
    deleted = [record_id for outcome in outcomes for record_id in outcome.deleted]
    gone = [record_id for outcome in outcomes for record_id in outcome.gone]
    skipped = [record_id for outcome in outcomes for record_id in outcome.skipped]
    asides = [aside for outcome in outcomes for aside in outcome.asides.values()]
    index_state.acknowledge(
        session, *place, states, job_id=part.job_id, model=collection.model, dimension=collection.dimension
    )
    index_state.forget(session, *place, gone + [aside.record_id for aside in asides])
    failures.resolve(session, *place, part.job_id, [state.record_id for state in states] + deleted + skipped)
    failures.set_aside(session, *place, part.job_id, part.number, asides)
