"""One person's point as the index holds it at this moment: is it there and whole, who is near, would they be found.

Nothing here costs money but `rank_of`, which embeds a question.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core import candidates, embedding_cache
from core.container import container
from core.embedding_cache import Vector
from core.errors import BadBatch, JobError, Unavailable
from core.pipeline.plan import hash_of, point_id
from core.pipeline.text import text_of
from core.ports import Collection, Hit, rank_in
from core.search import SearchTools, vector_of

LOOKED_AT = 100  # points, for a rank
NEAREST = 5
SHOWN = 3  # numbers of a vector


@dataclass(frozen=True, slots=True)
class TextNow:
    """The text as PostgreSQL has it now, with its vector where that was paid for already; no hash without text."""

    characters: int
    truncated: bool
    content_hash: str | None  # hexadecimal
    vector: Vector | None = field(repr=False, compare=False)

    @property
    def kept(self) -> bool:
        return self.vector is not None


@dataclass(frozen=True, slots=True)
class Near:
    """A person whose point is near; `score` is the cosine similarity."""

    id: int
    score: float


@dataclass(frozen=True, slots=True)
class Rank:
    """Where a person stands among the first `among` that a search gives; None when they are not one of these."""

    rank: int | None
    score: float | None
    among: int


@dataclass(frozen=True, slots=True)
class PointNow:
    """A point as it was just read. `size` is how many numbers its vector has, 0 when there is none.

    `own` is the rank in a search by the vector of the person's own text: the one of now where it was kept, else the
    one that is indexed.
    """

    collection: str
    id: uuid.UUID
    there: bool
    payload: Mapping[str, Any]
    size: int
    norm: float
    numbers: tuple[float, ...]
    own: Rank | None
    nearest: tuple[Near, ...]
    took_ms: float


def text_now(candidate_id: int, collection: Collection, tools: SearchTools | None = None) -> TextNow | None:
    """Say what there is to embed of a person; None for nobody."""
    own = tools or container()
    with own.sessions() as session:
        row = candidates.read(session, [candidate_id]).get(candidate_id)
        if row is None:
            return None
        text = text_of(row)
        key = hash_of(text.text)
        kept = embedding_cache.find(session, collection.model, collection.dimension, "document", [key])
    return TextNow(len(text.text), text.truncated, key.hex() if text.text else None, kept.get(key))


def look(
    candidate_id: int, collection: Collection, text: TextNow | None = None, tools: SearchTools | None = None
) -> PointNow:
    """Read the point and who is near it. Raises Unavailable when the index does not answer within seconds."""
    own, began, name = tools or container(), time.perf_counter(), point_id(candidate_id)
    with _translated():
        found = own.index.inspect(collection.name, [name])
        vector = found[0].vector if found else np.empty(0, np.float32)
        hits = own.index.nearest(collection.name, vector, NEAREST + 1) if len(vector) else []
        asked = vector if text is None or text.vector is None else text.vector
        own_rank = _ranked(own, collection, name, asked)
    return PointNow(
        collection=collection.name,
        id=name,
        there=bool(found),
        payload=found[0].payload if found else {},
        size=len(vector),
        norm=float(np.linalg.norm(vector)),
        numbers=tuple(float(number) for number in vector[:SHOWN]),
        own=own_rank,
        nearest=_others(hits, name),
        took_ms=(time.perf_counter() - began) * 1000,
    )


def rank_of(candidate_id: int, question: str, collection: Collection, tools: SearchTools | None = None) -> Rank:
    """Rank a person in a search by a question, which is embedded, and paid for where that costs. Raises Unavailable."""
    own = tools or container()
    with _translated():
        rank = _ranked(own, collection, point_id(candidate_id), vector_of(own, question))
    assert rank is not None  # a question has a vector
    return rank


def free_to_ask(tools: SearchTools | None = None) -> bool:
    """Say whether to embed a question costs nothing."""
    return not (tools or container()).embedder.priced


def whose(point: uuid.UUID, collection: Collection, tools: SearchTools | None = None) -> int | None:
    """Say whose point this is, by its payload; None where there is none. Raises Unavailable."""
    with _translated():
        found = (tools or container()).index.inspect(collection.name, [point])
    record_id = found[0].payload.get("record_id") if found else None
    return record_id if isinstance(record_id, int) else None


@contextmanager
def _translated() -> Iterator[None]:
    """Say for a person what stops a job."""
    try:
        yield
    except BadBatch as error:
        raise Unavailable(f"this question cannot be asked: {error}") from error
    except JobError as error:
        raise Unavailable(str(error)) from error


def _ranked(tools: SearchTools, collection: Collection, name: uuid.UUID, vector: Vector) -> Rank | None:
    if len(vector) != collection.dimension:
        return None
    hits = tools.index.nearest(collection.name, vector, LOOKED_AT)
    rank = rank_in(hits, name)
    return Rank(rank, hits[rank - 1].score if rank else None, len(hits))


def _others(hits: list[Hit], name: uuid.UUID) -> tuple[Near, ...]:
    others = [(hit.payload.get("record_id"), hit.score) for hit in hits if hit.id != str(name)]
    return tuple(Near(person, score) for person, score in others if isinstance(person, int))[:NEAREST]
