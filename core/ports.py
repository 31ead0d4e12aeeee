"""What jobs need of the outside world, and the values that cross the border. Adapters keep these promises."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]  # shape (texts, dimension), little-endian, finite, no row of zeros
Purpose = Literal["document", "query"]


@dataclass(frozen=True, slots=True)
class Embedded:
    """The vectors of some texts, in their order, and what they cost."""

    vectors: Vectors
    tokens: int  # billed; 0 for a local model


def go_on() -> None:
    """Stop nothing: the check of work that nobody can stop."""


@dataclass(frozen=True, slots=True)
class Work:
    """For whom a call is made: since when that work has been asked for, and how it is stopped."""

    asked: float  # by time.monotonic()
    check: Callable[[], None] = go_on  # raises when the work must stop; called often while a call stands in line


class Embedder(Protocol):
    """Text to vectors. Thread-safe."""

    model: str
    dimension: int
    batch: int  # texts in a call at most
    concurrency: int  # calls in flight that are worth having in one process
    priced: bool  # whether a vector costs money or quota, so that claims and a limiter are worth their round trip

    def embed(
        self, texts: Sequence[str], *, purpose: Purpose = "document", urgent: bool = False, work: Work | None = None
    ) -> Embedded:
        """Embed 1 to `batch` non-empty texts; `urgent` when a person waits; `work` names the job behind the call.

        Raises TryAgain, GiveUp, BadBatch (several texts refused together, or one alone).
        """
        ...


@dataclass(frozen=True, slots=True)
class Collection:
    """A place for vectors of one model and dimension; readers find it by its alias."""

    name: str
    model: str
    dimension: int


@dataclass(frozen=True, slots=True)
class Upsert:
    """Put this point, unless a newer version of it is there."""

    id: uuid.UUID
    vector: NDArray[np.float32]  # shape (dimension,)
    payload: Mapping[str, Any]  # has `version`: int, microseconds
    version: int


@dataclass(frozen=True, slots=True)
class Repayload:
    """Replace a point's payload and keep its vector, unless a newer version of it is there."""

    id: uuid.UUID
    payload: Mapping[str, Any]
    version: int


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a search: what was asked for of the payload, cosine similarity as score."""

    id: str
    score: float
    payload: Mapping[str, Any]


def rank_in(hits: Sequence[Hit], name: uuid.UUID) -> int | None:
    """Say at which place of an answer this point stands, from 1; None when it is not there."""
    return next((rank for rank, hit in enumerate(hits, start=1) if hit.id == str(name)), None)


@dataclass(frozen=True, slots=True)
class Point:
    """A point as the index holds it; its vector is empty where it has none of its own."""

    id: uuid.UUID
    vector: NDArray[np.float32]
    payload: Mapping[str, Any]


class Seen(NamedTuple):
    """A point as a scan finds it; None where its payload does not say."""

    id: uuid.UUID
    record_kind: str | None
    record_id: int | None
    version: int | None


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records: every given field must match; several skills or languages must all be there."""

    location: str | None = None
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    status: str | None = None
    min_years: int | None = None


class VectorIndex(Protocol):
    """The vector store. Thread-safe. Every write is acknowledged before it returns.

    Raises TryAgain (down, slow, full) and GiveUp (collection missing or of another size, refused key).
    """

    def current(self, alias: str) -> Collection | None:
        """Say which collection the alias names; None when there is none."""
        ...

    def ensure(self, alias: str, model: str, dimension: int) -> Collection:
        """Return the alias's collection, made with its payload indexes when there is none.

        Raises GiveUp `collection_mismatch` with the cure when it was made for another model or dimension.
        """
        ...

    def write(self, collection: str, changes: Sequence[Upsert | Repayload]) -> None: ...
    def delete(self, collection: str, ids: Sequence[uuid.UUID]) -> None: ...
    def count(self, collection: str, record_kind: str) -> int:
        """Count the points but for those of other kinds of record."""
        ...

    def scan(self, collection: str) -> Iterator[Sequence[Seen]]:
        """Go through all points, page by page; who comes or goes meanwhile may be seen or not."""
        ...

    def search(self, collection: str, vector: NDArray[np.float32], limit: int, where: RecordFilter) -> list[Hit]:
        """Find the points nearest to a vector that the filter lets in, best first, with `record_id` alone."""
        ...

    def retrieve(self, collection: str, ids: Sequence[uuid.UUID]) -> list[Hit]:
        """Return the points that exist, with payload; their score is 0."""
        ...

    def inspect(self, collection: str, ids: Sequence[uuid.UUID]) -> list[Point]:
        """Return the points that exist, whole. Answers within seconds or raises, for a person waits."""
        ...

    def nearest(self, collection: str, vector: NDArray[np.float32], limit: int) -> list[Hit]:
        """Find the points nearest to a vector, best first, with `record_id` alone. As quick as `inspect`."""
        ...


class Claims(Protocol):
    """Who pays for a text now, over all workers. Lossy: losing a claim costs money, never truth."""

    def take(self, keys: Sequence[bytes], owner: str) -> set[bytes]:
        """Return the keys that `owner` may pay for; the others are being paid for by somebody else."""
        ...

    def release(self, keys: Sequence[bytes], owner: str) -> None: ...


class Limiter(Protocol):
    """The shared pace of calls to a provider."""

    def acquire(self, inputs: int, *, urgent: bool = False, check: Callable[[], None] = go_on) -> None:
        """Wait until `inputs` more may be sent; raise TryAgain(paced) when that is more than 5 s away.

        `check` is called a few times a second meanwhile, and raises when the work must stop.
        """
        ...

    def hold(self, seconds: float, reason: str) -> None:
        """Let nobody call for so long."""
        ...
