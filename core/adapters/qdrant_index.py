"""The vector index in Qdrant: qdrant-client for reading, our own REST for all that a job does."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.adapters import qdrant_collections as collections
from core.adapters.qdrant_rest import QdrantRest
from core.adapters.qdrant_writes import operation
from core.errors import TryAgain
from core.ports import Collection, Hit, Point, RecordFilter, Repayload, Seen, Upsert

if TYPE_CHECKING:
    from core.adapters.qdrant_reader import QdrantReader

WRITE_SECONDS = 60
LOOK_SECONDS = 3  # at single points, by a person or a check
DELETE_SECONDS = 10  # a census deletes within a transaction, which may be silent for 30 s
MOST_CHANGES = 256  # a request: 3 MB of 1,024 numbers each; a server takes 32 MB
MOST_DELETIONS = 1000
SCAN_PAGE = 5000
SCANNED = ("record_kind", "record_id", "version")


def load() -> None:
    """Import what a search needs. qdrant-client takes 1.4 s and 70 MB: only who searches pays for it, no job does."""
    import core.adapters.qdrant_reader  # noqa: F401, PLC0415


class QdrantIndex:
    """Thread-safe; works on a Qdrant server and on our embedded one. A connection is made by the first call."""

    def __init__(self, url: str, api_key: str | None = None) -> None:
        self._url = url
        self._api_key = api_key
        self._rest = QdrantRest(url, api_key, WRITE_SECONDS)
        self._lock = threading.Lock()
        self._made_reader: QdrantReader | None = None

    @property
    def _reader(self) -> QdrantReader:
        # Late, as in `load`.
        from core.adapters.qdrant_reader import QdrantReader  # noqa: PLC0415

        with self._lock:
            if self._made_reader is None:
                self._made_reader = QdrantReader(self._url, self._api_key)
            return self._made_reader

    def close(self) -> None:
        """Close the connections."""
        self._rest.close()
        if self._made_reader is not None:
            self._made_reader.close()

    def current(self, alias: str) -> Collection | None:
        """Say which collection the alias names; None when there is none."""
        return collections.find(self._rest, alias)

    def ensure(self, alias: str, model: str, dimension: int) -> Collection:
        """Return the alias's collection, made with its payload indexes when there is none.

        Raises GiveUp `collection_mismatch` with the cure when it was made for another model or dimension.
        """
        found = self.current(alias)
        if found is None:
            name = collections.name_for(alias, model, dimension)
            collections.make(self._rest, alias, Collection(name, model, dimension))
            found = self.current(alias)
        if found is None:
            raise TryAgain(f"the alias {alias} was made and is gone again", code="qdrant_invalid_answer", ours=True)
        collections.require_same(found, alias, model, dimension)
        collections.complete(self._rest, found.name)
        return found

    def write(self, collection: str, changes: Sequence[Upsert | Repayload]) -> None:
        """Apply changes, each unless its point is newer; all are acknowledged when it returns. Twice does no harm."""
        for start in range(0, len(changes), MOST_CHANGES):
            operations = [operation(change) for change in changes[start : start + MOST_CHANGES]]
            _require_done(
                self._rest.post(f"/collections/{collection}/points/batch?wait=true", {"operations": operations})
            )

    def delete(self, collection: str, ids: Sequence[uuid.UUID]) -> None:
        """Delete points; those that are not there are no error."""
        for start in range(0, len(ids), MOST_DELETIONS):
            some = {"points": list(ids[start : start + MOST_DELETIONS])}
            path = f"/collections/{collection}/points/delete?wait=true"
            _require_done([self._rest.post(path, some, timeout=DELETE_SECONDS)])

    def count(self, collection: str, record_kind: str) -> int:
        """Count the points exactly, but for those of other kinds of record: these are few, and found by their index."""
        others = {"filter": {"must": [{"key": "record_kind", "match": {"except": [record_kind]}}]}}
        return self._count(collection, {}) - self._count(collection, others)

    def _count(self, collection: str, where: Mapping[str, Any]) -> int:
        return int(self._rest.post(f"/collections/{collection}/points/count", {"exact": True, **where})["count"])

    def scan(self, collection: str) -> Iterator[Sequence[Seen]]:
        """Go through all points, page by page; who comes or goes meanwhile may be seen or not."""
        page: dict[str, Any] = {"limit": SCAN_PAGE, "with_payload": [*SCANNED], "with_vector": False}
        while True:
            found = self._rest.post(f"/collections/{collection}/points/scroll", page)
            yield [_seen(point) for point in found["points"]]
            if found["next_page_offset"] is None:
                return
            page["offset"] = found["next_page_offset"]

    def search(self, collection: str, vector: NDArray[np.float32], limit: int, where: RecordFilter) -> list[Hit]:
        """Find the points nearest to a vector that the filter lets in, best first, with `record_id` alone."""
        return self._reader.search(collection, vector, limit, where)

    def retrieve(self, collection: str, ids: Sequence[uuid.UUID]) -> list[Hit]:
        """Return the points that exist, with payload; their score is 0."""
        return self._reader.retrieve(collection, ids)

    def inspect(self, collection: str, ids: Sequence[uuid.UUID]) -> list[Point]:
        """Return the points that exist, whole."""
        wanted = {"ids": list(ids), "with_payload": True, "with_vector": True}
        found = self._rest.post(f"/collections/{collection}/points", wanted, timeout=LOOK_SECONDS)
        return [_point(point) for point in found]

    def nearest(self, collection: str, vector: NDArray[np.float32], limit: int) -> list[Hit]:
        """Find the points nearest to a vector, without qdrant-client, which is too heavy for who only checks."""
        asked = {"query": np.ascontiguousarray(vector, np.float32), "limit": limit, "with_payload": ["record_id"]}
        found = self._rest.post(f"/collections/{collection}/points/query", asked, timeout=LOOK_SECONDS)
        return [Hit(str(hit["id"]), hit["score"], hit["payload"] or {}) for hit in found["points"]]


def _seen(point: Mapping[str, Any]) -> Seen:
    payload = point["payload"] or {}
    return Seen(_name(point["id"]), *map(payload.get, SCANNED))


def _point(point: Mapping[str, Any]) -> Point:
    numbers = point.get("vector")
    vector = np.array(numbers if isinstance(numbers, list) else [], np.float32)
    return Point(_name(point["id"]), vector, point["payload"] or {})


def _name(raw: str | int) -> uuid.UUID:
    return uuid.UUID(raw) if isinstance(raw, str) else uuid.UUID(int=raw)


def _require_done(outcomes: Any) -> None:
    """Raise TryAgain unless the engine says that all of it is applied."""
    said = {str(outcome.get("status")) for outcome in outcomes}
    if said - {"completed"}:
        raise TryAgain(
            f"Qdrant has not yet applied the change ({', '.join(sorted(said))})", code="qdrant_slow", ours=True
        )
