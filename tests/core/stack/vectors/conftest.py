"""The official client against our server and, beside it, the client's own in-memory engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel
from qdrant_client import QdrantClient, models

DIMENSION = 4
OWN = ("version", "shard_key", "order_value")  # of an engine, not of the answer


@dataclass(frozen=True)
class Pair:
    """Two clients that must not differ."""

    ours: QdrantClient
    reference: QdrantClient

    def do(self, call: Callable[[QdrantClient], Any]) -> Any:
        """Make the same call on both; return our answer after it was found equal to the other."""
        ours, reference = call(self.ours), call(self.reference)
        assert _plain(ours) == _plain(reference)
        return ours


@pytest.fixture(scope="session")
def client(qdrant_url: str) -> Iterator[QdrantClient]:
    client = QdrantClient(url=qdrant_url, timeout=10, check_compatibility=False)
    yield client
    client.close()


@pytest.fixture
def ours(client: QdrantClient, qdrant: str) -> QdrantClient:
    """A client of our server, which holds nothing."""
    return client


@pytest.fixture
def pair(ours: QdrantClient) -> Pair:
    """Both with an empty collection `c`, whose fields are indexed in ours."""
    reference = QdrantClient(":memory:")
    for client in (ours, reference):
        client.create_collection(
            "c", vectors_config=models.VectorParams(size=DIMENSION, distance=models.Distance.COSINE)
        )
    for field, kind in (("city", "keyword"), ("years", "integer"), ("changed", "integer")):
        ours.create_payload_index("c", field, models.PayloadSchemaType(kind))
    return Pair(ours, reference)


@pytest.fixture
def filled(pair: Pair) -> Pair:
    """Twelve points, some fields missing, empty or null in some of them."""
    cities = ["Madrid", "Lima", "Quito"]
    payloads: list[dict[str, Any]] = [
        {"city": cities[n % 3], "years": n, "skills": ["sql", "go"][: n % 3], "changed": n * 10} for n in range(10)
    ]
    payloads += [{"city": None, "years": None}, {}]
    vectors = [[1.0, n / 10, (n * 7 % 5) / 5, -n / 20] for n in range(12)]
    for client in (pair.ours, pair.reference):
        client.upsert("c", models.Batch(ids=list(range(1, 13)), vectors=vectors, payloads=payloads))
    return pair


def _plain(value: Any) -> Any:
    """Reduce an answer to what both must agree on: no sequence numbers, floats as far as 32 bits carry them."""
    match value:
        case models.UpdateResult():
            return value.status
        case models.FacetResponse():
            return sorted((str(hit.value), hit.count) for hit in value.hits)
        case BaseModel():
            return _plain(value.model_dump())
        case float():
            return round(value, 5)
        case dict():
            return {name: _plain(item) for name, item in value.items() if name not in OWN}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value
