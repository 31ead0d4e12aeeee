"""Fakes of the ports, for unit tests: small, honest, and they remember what they were asked."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadBatch, GiveUp
from core.ports import Collection, Embedded, Hit, Point, Purpose, RecordFilter, Repayload, Seen, Upsert, Work

DIMENSION = 8


def vector_of(text: str) -> NDArray[np.float32]:
    """The fake's vector of a text: always the same, never zero."""
    return np.frombuffer(hashlib.sha256(text.encode()).digest(), dtype=np.uint8)[:DIMENSION].astype(np.float32) + 1


@dataclass
class FakeEmbedder:
    """Embeds by hash; refuses what contains `refuse`; `before` runs ahead of each call."""

    model: str = "fake"
    dimension: int = DIMENSION
    batch: int = 96
    concurrency: int = 4
    priced: bool = True
    refuse: str = "REFUSE"
    before: Callable[[Sequence[str]], None] = lambda texts: None
    calls: list[tuple[str, ...]] = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def embed(
        self, texts: Sequence[str], *, purpose: Purpose = "document", urgent: bool = False, work: Work | None = None
    ) -> Embedded:
        with self._lock:
            self.calls.append(tuple(texts))
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            self.before(texts)
            if any(self.refuse in text for text in texts):
                raise BadBatch("the provider refuses a text", code="text_refused", trace_id="trace-1")
            return Embedded(np.stack([vector_of(text) for text in texts]), tokens=len(texts))
        finally:
            with self._lock:
                self._now -= 1

    @property
    def texts(self) -> list[str]:
        """Every text of every call, in order."""
        return [text for call in self.calls for text in call]


@dataclass
class FakeIndex:
    """Keeps points by collection, with the same fence by version as the real ones."""

    points: dict[str, dict[uuid.UUID, tuple[NDArray[np.float32], dict[str, Any]]]] = field(default_factory=dict)
    collection: Collection | None = None
    before_write: Callable[[], None] = lambda: None

    def current(self, alias: str) -> Collection | None:
        return self.collection

    def ensure(self, alias: str, model: str, dimension: int) -> Collection:
        if self.collection is None:
            self.collection = Collection(f"{alias}_{model}_{dimension}_1", model, dimension)
        if (self.collection.model, self.collection.dimension) != (model, dimension):
            raise GiveUp("the collection is of another model", code="collection_mismatch")
        return self.collection

    def write(self, collection: str, changes: Sequence[Upsert | Repayload]) -> None:
        self.before_write()
        place = self.points.setdefault(collection, {})
        for change in changes:
            known = place.get(change.id)
            if known is not None and known[1]["version"] > change.version:
                continue
            if isinstance(change, Upsert):
                place[change.id] = (change.vector, dict(change.payload))
            elif known is not None and known[1]["content_hash"] == change.payload["content_hash"]:
                place[change.id] = (known[0], dict(change.payload))

    def delete(self, collection: str, ids: Sequence[uuid.UUID]) -> None:
        for point in ids:
            self.points.setdefault(collection, {}).pop(point, None)

    def count(self, collection: str, record_kind: str) -> int:
        place = self.points.get(collection, {})
        return sum(payload.get("record_kind", record_kind) == record_kind for _, payload in place.values())

    def scan(self, collection: str) -> Iterator[Sequence[Seen]]:
        place = self.points.get(collection, {})
        names = ("record_kind", "record_id", "version")
        yield [Seen(point, *map(payload.get, names)) for point, (_, payload) in place.items()]

    def search(self, collection: str, vector: NDArray[np.float32], limit: int, where: RecordFilter) -> list[Hit]:
        scored = [
            Hit(str(point), float(vector @ known / (np.linalg.norm(vector) * np.linalg.norm(known))), payload)
            for point, (known, payload) in self.points.get(collection, {}).items()
        ]
        return sorted(scored, key=lambda hit: -hit.score)[:limit]

    def retrieve(self, collection: str, ids: Sequence[uuid.UUID]) -> list[Hit]:
        place = self.points.get(collection, {})
        return [Hit(str(point), 0.0, place[point][1]) for point in ids if point in place]

    def inspect(self, collection: str, ids: Sequence[uuid.UUID]) -> list[Point]:
        place = self.points.get(collection, {})
        return [Point(point, *place[point]) for point in ids if point in place]

    def nearest(self, collection: str, vector: NDArray[np.float32], limit: int) -> list[Hit]:
        return self.search(collection, vector, limit, RecordFilter())


@dataclass
class FakeClaims:
    """Claims in a dictionary."""

    owners: dict[bytes, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, keys: Sequence[bytes], owner: str) -> set[bytes]:
        with self._lock:
            return {key for key in keys if self.owners.setdefault(key, owner) == owner}

    def release(self, keys: Sequence[bytes], owner: str) -> None:
        with self._lock:
            for key in keys:
                if self.owners.get(key) == owner:
                    del self.owners[key]
