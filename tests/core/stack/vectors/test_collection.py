"""A search goes through small copies of the vectors, and is as good as one through all of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import qdrant_edge as engine
from numpy.typing import NDArray

from core.stack.vectors import reads, writes
from core.stack.vectors.collection import Collection

SIZE = 64
CONF = {"vectors": {"size": SIZE, "distance": "Cosine"}, "metadata": None}
Crowd = NDArray[np.float32]


@pytest.fixture
def crowd() -> Crowd:
    """Draw 3,000 vectors in 30 clusters, as people in as many fields of work."""
    dice = np.random.default_rng(1)
    centres = dice.standard_normal((30, SIZE))
    return (centres[dice.integers(30, size=3000)] + 0.5 * dice.standard_normal((3000, SIZE))).astype(np.float32)


def filled(folder: Path, crowd: Crowd) -> Collection:
    made = Collection.create(folder / "shard", CONF)
    put(made, crowd)
    return made


def put(collection: Collection, crowd: Crowd) -> None:
    points = [{"id": n, "vector": vector} for n, vector in enumerate(crowd.tolist())]
    writes.apply(collection, [{"upsert": {"points": points}}])


def found(collection: Collection, near: Crowd, *, exact: bool = False) -> list[tuple[int, float]]:
    asked = {"query": near.tolist(), "limit": 30, "params": {"exact": exact}}
    return [(hit["id"], hit["score"]) for hit in reads.query(collection, asked)["points"]]


def found_by_copies(collection: Collection, near: Crowd) -> list[tuple[int, float]]:
    """Search without a look at the vectors themselves, which no call of ours does."""
    alone = engine.SearchParams(quantization=engine.QuantizationSearchParams(rescore=False))
    asked = engine.QueryRequest(limit=30, query=engine.Query.Nearest(near.tolist()), params=alone)
    return [(hit.id, hit.score) for hit in collection.shard.query(asked)]


def is_as_good_as_exact(collection: Collection, crowd: Crowd) -> None:
    for near in crowd[::100]:
        assert found(collection, near) == found(collection, near, exact=True)


def test_the_best_are_those_of_an_exact_search(tmp_path: Path, crowd: Crowd) -> None:
    collection = filled(tmp_path, crowd)
    assert found_by_copies(collection, crowd[0]) != found(collection, crowd[0], exact=True)
    is_as_good_as_exact(collection, crowd)
    collection.close()


def test_the_copies_are_kept_and_follow_what_is_written_and_deleted(tmp_path: Path, crowd: Crowd) -> None:
    filled(tmp_path, crowd).close()
    again = Collection.load(tmp_path / "shard", CONF)
    put(again, crowd[:200] + crowd[200:400])
    writes.apply(again, [{"delete": {"points": list(range(200, 400))}}])
    assert found_by_copies(again, crowd[0]) != found(again, crowd[0], exact=True)
    is_as_good_as_exact(again, crowd)
    again.close()


def test_a_collection_made_without_copies_is_searched_through_its_vectors(
    tmp_path: Path, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.stack.vectors.collection.COPIES", None)
    old = filled(tmp_path, crowd)
    assert found(old, crowd[0]) == found_by_copies(old, crowd[0]) == found(old, crowd[0], exact=True)
    old.close()
