"""A question becomes a vector, the vector finds points, and the points' people are read as they are now."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import psycopg
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from core import candidates, spend
from core.candidates import CandidateRow
from core.container import container
from core.embedding_cache import Vector
from core.errors import BadBatch, GiveUp, Invalid, TryAgain, Unavailable
from core.models.money import NOBODY
from core.pipeline.text import clean, passage_of, text_of
from core.ports import Collection, Embedder, Hit, RecordFilter, VectorIndex
from core.settings import Settings

LONGEST_QUESTION = 1000
MOST = 100
SPARE = 10  # points asked for beyond the limit: some may be of people who have just left
ROUNDS = 4
EVERYBODY = RecordFilter()


class SearchTools(Protocol):
    """What a search needs of the container."""

    @property
    def settings(self) -> Settings: ...
    @property
    def sessions(self) -> sessionmaker[Session]: ...
    @property
    def embedder(self) -> Embedder: ...
    @property
    def index(self) -> VectorIndex: ...


@dataclass(frozen=True, slots=True)
class Found:
    """One person, as in PostgreSQL now. `score` is the cosine similarity of text and question."""

    id: int
    external_id: str
    full_name: str
    headline: str | None
    score: float
    passage: str  # at most 240 characters; empty when the headline is all there is


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """The best first. `took_ms` counts from the question to here."""

    items: tuple[Found, ...]
    model: str
    took_ms: float


def preload() -> None:
    """Load what the first question needs: the model, the index's client. Seconds of work that nobody need wait for."""
    container().preload_search()


def search(
    question: str, *, limit: int = 10, where: RecordFilter = EVERYBODY, tools: SearchTools | None = None
) -> SearchAnswer:
    """Find at most `limit` (1-100) people by meaning; only those who may be shown now.

    Raises Invalid for a question or limit that cannot be used, Unavailable while the search cannot be made.
    """
    began = time.perf_counter()
    asked = _cleaned(question, limit)
    try:
        model, items = _answer(tools or container(), asked, limit, where)
    except BadBatch as error:
        raise Invalid(f"this question cannot be asked: {error}", {"q": str(error)}) from error
    except TryAgain as error:
        raise Unavailable(str(error), retry_after=math.ceil(error.after or 5)) from error
    except GiveUp as error:
        raise Unavailable(str(error), retry_after=60) from error
    except (psycopg.OperationalError, OperationalError) as error:
        raise Unavailable("PostgreSQL does not answer: try again in a moment") from error
    return SearchAnswer(items, model, (time.perf_counter() - began) * 1000)


def _cleaned(question: str, limit: int) -> str:
    errors = {}
    asked = " ".join(clean(question).split())
    if not asked:
        errors["q"] = "say what you are looking for"
    elif len(asked) > LONGEST_QUESTION:
        errors["q"] = f"at most {LONGEST_QUESTION:,} characters"
    if not 1 <= limit <= MOST:
        errors["limit"] = f"from 1 to {MOST}"
    if errors:
        raise Invalid("; ".join(f"{name}: {error}" for name, error in errors.items()), errors)
    return asked


def _answer(tools: SearchTools, asked: str, limit: int, where: RecordFilter) -> tuple[str, tuple[Found, ...]]:
    """Ask the collection that the alias names; once more when it is gone by then, for the alias may have moved."""
    collection = _collection(tools)
    try:
        return collection.model, _in(collection, tools, asked, limit, where)
    except GiveUp as error:
        if error.code != "collection_missing":
            raise
    collection = _collection(tools)
    return collection.model, _in(collection, tools, asked, limit, where)


def _collection(tools: SearchTools) -> Collection:
    """Resolve the alias, and see to it that its vectors and the question's can be compared."""
    alias, embedder = tools.settings.collection, tools.embedder
    collection = tools.index.current(alias)
    if collection is None:
        raise Unavailable("nobody is indexed yet: launch a sync", retry_after=30)
    if (collection.model, collection.dimension) != (embedder.model, embedder.dimension):
        raise Unavailable(
            f"the index was made with {collection.model or 'an unknown model'} ({collection.dimension} dimensions) and "
            f"this portal asks with {embedder.model} ({embedder.dimension}): set EMBEDDER, EMBED_MODEL and "
            "EMBED_DIMENSION as they were, or give COLLECTION another name and launch a sync",
            retry_after=60,
        )
    return collection


def _in(collection: Collection, tools: SearchTools, asked: str, limit: int, where: RecordFilter) -> tuple[Found, ...]:
    vector = vector_of(tools, asked)
    wanted = limit + SPARE
    for _ in range(ROUNDS):
        hits = tools.index.search(collection.name, vector, wanted, where)
        known = _still_there(tools, hits)
        if len(known) >= limit or len(hits) < wanted:
            break
        wanted *= 4  # many have left since the last sync: look behind them
    return tuple(_found(row, score, asked) for row, score in known[:limit])


def vector_of(tools: SearchTools, asked: str) -> Vector:
    """Embed the question, and book what it cost. No budget stops a person who asks."""
    embedded = tools.embedder.embed([asked], purpose="query", urgent=True)
    if tools.embedder.priced:
        with tools.sessions.begin() as session:
            spend.book(session, uuid.uuid4(), NOBODY, tools.embedder.model, inputs=1, tokens=embedded.tokens)
    vector: Vector = embedded.vectors[0]
    return vector


def _still_there(tools: SearchTools, hits: Sequence[Hit]) -> list[tuple[CandidateRow, float]]:
    """Read the people of the hits, each once, and keep those who may be shown; with their scores, best first."""
    scores: dict[int, float] = {}
    for hit in hits:
        record_id = hit.payload.get("record_id")
        if isinstance(record_id, int):
            scores.setdefault(record_id, hit.score)
    with tools.sessions() as session:
        rows = candidates.read(session, list(scores))
    return [(rows[i], score) for i, score in scores.items() if i in rows and rows[i].eligible]


def _found(row: CandidateRow, score: float, asked: str) -> Found:
    body = text_of(replace(row, headline=None)).text  # the headline is shown beside it
    return Found(row.id, row.external_id, row.full_name, row.headline, score, passage_of(body, asked))
