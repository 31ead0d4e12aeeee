"""Candidates into the index: row -> text -> vector -> point -> acknowledged, with several calls in flight.

Shares of a part are read in order, worked on by threads, and committed in order. No transaction is open while a
provider is called. Doing it twice does no harm: ids are deterministic, writes are fenced by version, vectors kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Semaphore
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

from core import failures, index_state
from core.errors import JobError, LeaseLost
from core.pipeline.plan import RECORD_KIND, Plan, Write
from core.pipeline.share import Outcome, Sharer
from core.pipeline.vectors import Vectorizer
from core.ports import Claims, Collection, Embedder, VectorIndex
from core.tally import Tally

READ = 480  # candidates in one read
SPARE = 4  # shares that are being written while all calls are in flight
TOGETHER = 10  # shares in one commit at most


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
    def ids(self) -> Sequence[int]: ...
    @property
    def collection(self) -> Collection: ...
    @property
    def tools(self) -> IndexingTools: ...
    def check(self) -> None: ...
    def commit(self, share: Tally, write: Callable[[Session], None]) -> None: ...


def index_candidates(part: IndexingPart, *, force: bool) -> None:
    """Index the part's candidates from where it stands to its end, or until `part.check` stops it.

    `force` writes every point again; texts are paid for only where no vector was kept.
    """
    sharer = _sharer(part, force)
    calls = part.tools.embedder.concurrency
    pool = ThreadPoolExecutor(calls + SPARE, thread_name_prefix="share")
    flying: deque[Future[Outcome]] = deque()
    try:
        for plans in _shares(part, sharer):
            part.check()
            flying.append(pool.submit(sharer.work, plans))
            _commit_ready(part, flying, most=calls + SPARE)
        while flying:
            part.check()
            _commit_ready(part, flying, most=0)
    except LeaseLost:
        raise  # what is in flight belongs to another holder now
    except JobError:
        _land(part, pool, flying)
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _sharer(part: IndexingPart, force: bool) -> Sharer:
    vectorizer = Vectorizer(
        embedder=part.tools.embedder,
        claims=part.tools.claims,
        sessions=part.tools.sessions,
        owner=part.owner,
        check=part.check,
        calling=Semaphore(part.tools.embedder.concurrency),
    )
    return Sharer(vectorizer=vectorizer, index=part.tools.index, collection=part.collection, force=force)


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


def _commit_ready(part: IndexingPart, flying: deque[Future[Outcome]], *, most: int) -> None:
    """Commit the finished shares at the head; wait for the first when more than `most` are in flight."""
    if len(flying) > most:
        wait([flying[0]])
    outcomes: list[Outcome] = []
    while flying and flying[0].done() and len(outcomes) < TOGETHER:
        if flying[0].exception() is not None and outcomes:
            break  # first what went well
        outcomes.append(flying[0].result())
        flying.popleft()
    _commit(part, outcomes)


def _land(part: IndexingPart, pool: ThreadPoolExecutor, flying: deque[Future[Outcome]]) -> None:
    """Keep what was paid for: let the calls in flight end, and commit what went well before the first that did not."""
    pool.shutdown(wait=True, cancel_futures=True)
    outcomes = []
    while flying and not flying[0].cancelled() and flying[0].exception() is None:
        outcomes.append(flying.popleft().result())
    _commit(part, outcomes)


def _commit(part: IndexingPart, outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    tally = Tally()
    for outcome in outcomes:
        tally.add(outcome.tally())
    part.commit(tally, lambda session: _write(session, part, outcomes))


def _write(session: Session, part: IndexingPart, outcomes: Sequence[Outcome]) -> None:
    """Say in the tables what the index has acknowledged, and what was set aside."""
    collection = part.collection
    place = (RECORD_KIND, collection.name)
    states = [state for outcome in outcomes for state in outcome.written.values()]
    deleted = [record_id for outcome in outcomes for record_id in outcome.deleted]
    skipped = [record_id for outcome in outcomes for record_id in outcome.skipped]
    asides = [aside for outcome in outcomes for aside in outcome.asides.values()]
    index_state.acknowledge(
        session, *place, states, job_id=part.job_id, model=collection.model, dimension=collection.dimension
    )
    index_state.forget(session, *place, deleted)
    failures.resolve(session, *place, part.job_id, [state.record_id for state in states] + deleted + skipped)
    failures.set_aside(session, *place, part.job_id, part.number, asides)
