"""A check of the search: known people are asked for by their own text, and must be among the first that come back.

It costs no money: the vectors that ask are those that were paid for when the people were indexed. What a check says
of a job, it says against the check before it, of which it asks half of the people again.
"""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import numpy as np
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from core import embedding_cache
from core.access import Actor, record
from core.container import container
from core.embedding_cache import Vector
from core.errors import JobError, Refused, Unavailable
from core.kinds import KINDS
from core.models import Candidate, IndexState, Job, SearchCheck
from core.pipeline.plan import RECORD_KIND, point_id
from core.ports import Collection, Hit, VectorIndex, rank_in
from core.settings import Settings

PEOPLE = 20
K = 10  # among so many must somebody be found
SAME = 0.9999  # who is as near as this has the same text: between them no order is right
LATEST = 50  # jobs that are looked at for one to check
TOO_LATE = timedelta(hours=1)  # a job that ended before this is not checked any more
CLOCK = "clock"
INDEXING = tuple(kind.name for kind in KINDS.values() if kind.indexes)


class CheckTools(Protocol):
    """What a check needs of the container."""

    @property
    def settings(self) -> Settings: ...
    @property
    def sessions(self) -> sessionmaker[Session]: ...
    @property
    def index(self) -> VectorIndex: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One person of a check; `rank` counts from 1, None when they were not found; `ms` is what the answer took."""

    id: int
    rank: int | None
    ms: float


def check_now(actor: Actor, tools: CheckTools | None = None) -> SearchCheck:
    """Check because a person asks for it, and keep who did.

    Raises Refused while nobody is indexed, Unavailable while the index does not answer.
    """
    own = tools or container()
    try:
        taken = take(own, requested_by=actor.name)
    except JobError as error:
        raise Unavailable(str(error), retry_after=10) from error
    if taken is None:
        raise Refused("nobody is indexed yet: launch a sync")
    with own.sessions.begin() as session:
        figures = {"asked": taken.asked, "found": taken.found}
        record(session, actor, "search.check", f"collection:{taken.collection}", after=figures)
    return taken


def take(tools: CheckTools, *, requested_by: str, job_id: uuid.UUID | None = None) -> SearchCheck | None:
    """Ask for known people and keep what came of it; None without a collection, or when the job is checked already.

    Doing it again does no harm: it only reads the index, and a job has one row. Raises TryAgain and GiveUp.
    """
    collection = tools.index.current(tools.settings.collection)
    if collection is None:
        return None
    with tools.sessions() as session:
        vectors = _vectors(session, collection, _sample(session, collection, job_id))
    asked = [_ask(tools.index, collection, person, vector) for person, vector in vectors.items()]
    with tools.sessions.begin() as session:
        return _keep(session, collection, asked, requested_by, job_id)


def due(session: Session) -> uuid.UUID | None:
    """Name a job that indexed somebody, is over and was not checked; the one that ended first."""
    latest = select(Job.id).order_by(Job.created_at.desc(), Job.id.desc()).limit(LATEST)
    checked = select(SearchCheck.id).where(SearchCheck.job_id == Job.id).exists()
    over = (Job.finished_at > func.clock_timestamp() - TOO_LATE, Job.kind.in_(INDEXING), Job.done > 0)
    return session.scalar(
        select(Job.id).where(Job.id.in_(latest), *over, ~checked).order_by(Job.finished_at, Job.id).limit(1)
    )


def last(session: Session) -> SearchCheck | None:
    """Read the latest check that could ask for somebody."""
    return session.scalar(_newest_first().limit(1))


def of_job(session: Session, job_id: uuid.UUID) -> tuple[SearchCheck | None, SearchCheck | None]:
    """Read the check before a job and the one after it."""
    after = session.scalar(_newest_first().where(SearchCheck.job_id == job_id))
    if after is None:
        return None, None
    earlier = _newest_first().where(SearchCheck.taken_at < after.taken_at, SearchCheck.collection == after.collection)
    return session.scalar(earlier.limit(1)), after


def _newest_first() -> Select[SearchCheck]:
    return select(SearchCheck).where(SearchCheck.asked > 0).order_by(SearchCheck.taken_at.desc(), SearchCheck.id.desc())


def _sample(session: Session, collection: Collection, job_id: uuid.UUID | None) -> dict[int, bytes]:
    """Choose whom to ask for, always the same: some of the job, those asked for the last time, the longest known.

    Gives the hash of the text that each is indexed with.
    """
    chosen: dict[int, bytes] = {}
    if job_id is not None:
        order = (func.hashint8(IndexState.record_id), IndexState.record_id)  # has nothing to do with age
        its_own = select(IndexState.record_id).where(*_of(collection), IndexState.job_id == job_id)
        some = its_own.order_by(*order).limit(PEOPLE)  # the job may have a million: they are not joined
        chosen |= _read(session, _known(collection).where(IndexState.record_id.in_(some)).order_by(*order))
        chosen = dict(list(chosen.items())[: PEOPLE // 2])
    if (before := last(session)) is not None:
        earlier = _known(collection).where(IndexState.record_id.in_([person["id"] for person in before.people]))
        chosen |= _read(session, earlier.order_by(IndexState.record_id))
    if len(chosen) < PEOPLE:
        chosen |= _read(session, _known(collection).order_by(IndexState.record_id).limit(PEOPLE))
    return dict(list(chosen.items())[:PEOPLE])


def _known(collection: Collection) -> Select[int, bytes]:
    """Select whom the index has acknowledged, and who should be found."""
    return (
        select(IndexState.record_id, IndexState.content_hash)
        .join(Candidate, Candidate.id == IndexState.record_id)
        .where(*_of(collection), Candidate.eligible)
    )


def _of(collection: Collection) -> tuple[ColumnElement[bool], ...]:
    return IndexState.record_kind == RECORD_KIND, IndexState.collection == collection.name


def _read(session: Session, people: Select[int, bytes]) -> dict[int, bytes]:
    return dict(session.execute(people).all())


def _vectors(session: Session, collection: Collection, chosen: Mapping[int, bytes]) -> dict[int, Vector]:
    """Find the vectors that were kept of their texts; who has none cannot be asked for without paying."""
    hashes = list(set(chosen.values()))
    kept = embedding_cache.find(session, collection.model, collection.dimension, "document", hashes)
    return {person: kept[content_hash] for person, content_hash in chosen.items() if content_hash in kept}


def _ask(index: VectorIndex, collection: Collection, person: int, vector: Vector) -> Asked:
    began = time.perf_counter()
    hits = index.nearest(collection.name, vector, K)
    return Asked(person, _rank(person, hits), round((time.perf_counter() - began) * 1000, 2))


def _rank(person: int, hits: Sequence[Hit]) -> int | None:
    rank = rank_in(hits, point_id(person))
    if rank is None and len(hits) == K and hits[-1].score > SAME:
        return K  # only people of the very same text stand before them
    return rank


def _keep(
    session: Session, collection: Collection, asked: Sequence[Asked], requested_by: str, job_id: uuid.UUID | None
) -> SearchCheck | None:
    times = [person.ms for person in asked]
    values: dict[str, Any] = {
        "job_id": job_id,
        "requested_by": requested_by,
        "collection": collection.name,
        "model": collection.model,
        "asked": len(asked),
        "found": sum(person.rank is not None for person in asked),
        "k": K,
        "p50_ms": _quantile(times, 0.5),
        "p95_ms": _quantile(times, 0.95),
        "people": [{"id": person.id, "rank": person.rank, "ms": person.ms} for person in asked],
    }
    once = insert(SearchCheck).values(values).on_conflict_do_nothing(index_elements=["job_id"])
    return session.scalars(once.returning(SearchCheck)).one_or_none()


def _quantile(times: Sequence[float], share: float) -> float | None:
    """Take the smallest of the times that is not below so large a share of them."""
    if not times:
        return None
    return float(np.sort(np.array(times))[max(0, math.ceil(share * len(times)) - 1)])
