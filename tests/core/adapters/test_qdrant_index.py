"""The vector index on the real embedded engine, through real sockets."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from core.adapters.qdrant_collections import name_for
from core.adapters.qdrant_index import MOST_CHANGES, QdrantIndex
from core.errors import GiveUp, TryAgain
from core.ports import RecordFilter, Repayload, Upsert
from core.stack.net import free_port

ALIAS, MODEL, DIMENSION = "candidates", "embed-v4.0", 8


@pytest.fixture
def index(qdrant: str) -> Iterator[QdrantIndex]:
    index = QdrantIndex(qdrant)
    yield index
    index.close()


@pytest.fixture
def official(qdrant: str) -> Iterator[QdrantClient]:
    """The unmodified client, to look at what we wrote."""
    client = QdrantClient(url=qdrant, check_compatibility=False)
    yield client
    client.close()


def vector(n: int) -> NDArray[np.float32]:
    return np.random.default_rng(n).standard_normal(DIMENSION).astype(np.float32)


def upsert(n: int, version: int = 1, **payload: Any) -> Upsert:
    return Upsert(uuid.UUID(int=n), vector(n), {"record_id": n, "version": version, **payload}, version)


def test_the_collection_is_made_with_its_indexes_and_says_what_it_is_for(
    index: QdrantIndex, official: QdrantClient
) -> None:
    assert index.current(ALIAS) is None

    made = index.ensure(ALIAS, MODEL, DIMENSION)

    assert made.name == "candidates_embed-v4-0_8_1"
    assert (made.model, made.dimension) == (MODEL, DIMENSION)
    assert index.current(ALIAS) == made == index.ensure(ALIAS, MODEL, DIMENSION)
    assert set(official.get_collection(made.name).payload_schema) == {
        "record_kind",
        *("record_id", "external_id", "location", "skills", "languages", "years_experience", "status", "version"),
    }
    assert official.get_collection_aliases(made.name).aliases[0].alias_name == ALIAS


def test_two_workers_that_make_it_at_once_both_get_it(qdrant: str) -> None:
    ours = [QdrantIndex(qdrant) for _ in range(6)]

    with ThreadPoolExecutor(6) as pool:
        made = set(pool.map(lambda index: index.ensure(ALIAS, MODEL, DIMENSION), ours))

    assert {collection.name for collection in made} == {name_for(ALIAS, MODEL, DIMENSION)}
    for index in ours:
        index.close()


def test_a_collection_without_its_alias_is_taken_over(index: QdrantIndex, official: QdrantClient) -> None:
    index.ensure(ALIAS, MODEL, DIMENSION)
    official.update_collection_aliases([models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=ALIAS))])

    assert index.ensure(ALIAS, MODEL, DIMENSION).name == name_for(ALIAS, MODEL, DIMENSION)


@pytest.mark.parametrize(("model", "dimension"), [("use-m3", DIMENSION), (MODEL, 16)])
def test_another_model_or_dimension_is_refused_with_the_cure(model: str, dimension: int, index: QdrantIndex) -> None:
    index.ensure(ALIAS, MODEL, DIMENSION)

    with pytest.raises(GiveUp, match="give COLLECTION another name") as caught:
        index.ensure(ALIAS, model, dimension)

    assert caught.value.code == "collection_mismatch"
    assert all(word in str(caught.value) for word in (MODEL, str(DIMENSION), model, str(dimension)))


def test_a_foreign_collection_of_the_same_name_is_refused_with_the_cure(
    index: QdrantIndex, official: QdrantClient
) -> None:
    official.create_collection(
        ALIAS, vectors_config=models.VectorParams(size=DIMENSION, distance=models.Distance.COSINE)
    )

    with pytest.raises(GiveUp, match="give COLLECTION another name"):
        index.ensure(ALIAS, MODEL, DIMENSION)


def test_what_is_written_is_there_when_the_call_returns(index: QdrantIndex, official: QdrantClient) -> None:
    name = index.ensure(ALIAS, MODEL, DIMENSION).name
    count = MOST_CHANGES + 44

    index.write(name, [upsert(n, location="Bogotá") for n in range(count)])

    assert index.count(name, "candidate") == count
    [point] = official.retrieve(name, [str(uuid.UUID(int=7))], with_vectors=True)
    assert point.payload == {"record_id": 7, "version": 1, "location": "Bogotá"}
    assert point.vector == pytest.approx((vector(7) / np.linalg.norm(vector(7))).tolist(), abs=1e-6)


def test_an_older_version_changes_nothing_and_the_rest_of_the_batch_counts(index: QdrantIndex) -> None:
    name = index.ensure(ALIAS, MODEL, DIMENSION).name
    index.write(name, [upsert(1, 5, status="new"), upsert(2, 5, status="new")])

    index.write(name, [upsert(1, 4, status="old"), upsert(2, 5, status="same"), upsert(3, 4, status="first")])

    found = {hit.payload["record_id"]: hit.payload["status"] for hit in index.retrieve(name, ids(1, 2, 3))}
    assert found == {1: "new", 2: "same", 3: "first"}


def test_a_point_without_a_version_is_replaced(index: QdrantIndex, official: QdrantClient) -> None:
    name = index.ensure(ALIAS, MODEL, DIMENSION).name
    official.upsert(name, [models.PointStruct(id=str(uuid.UUID(int=1)), vector=[1.0] * DIMENSION, payload={})])

    index.write(name, [upsert(1, 1)])

    assert index.retrieve(name, ids(1))[0].payload["version"] == 1


def test_a_new_payload_replaces_the_old_one_keeps_the_vector_and_is_fenced(
    index: QdrantIndex, official: QdrantClient
) -> None:
    name = index.ensure(ALIAS, MODEL, DIMENSION).name
    said = {"content_hash": "a"}
    index.write(
        name, [upsert(1, 5, location="Madrid", status="active", **said), upsert(2, 5, location="Madrid", **said)]
    )
    index.write(name, [upsert(5, 5, location="Madrid", content_hash="another")])
    before = official.retrieve(name, [str(uuid.UUID(int=1))], with_vectors=True)[0].vector

    index.write(
        name,
        [
            Repayload(uuid.UUID(int=1), {"record_id": 1, "version": 6, "location": "Lima", **said}, 6),
            Repayload(uuid.UUID(int=2), {"record_id": 2, "version": 4, "location": "Lima", **said}, 4),
            Repayload(uuid.UUID(int=3), {"record_id": 3, "version": 9, **said}, 9),
            upsert(4, 1),
            Repayload(uuid.UUID(int=5), {"record_id": 5, "version": 6, "location": "Lima", **said}, 6),
        ],
    )

    found = {hit.payload["record_id"]: hit.payload for hit in index.retrieve(name, ids(1, 2, 3, 4, 5))}
    assert found[1] == {"record_id": 1, "version": 6, "location": "Lima", **said}
    assert found[2]["location"] == "Madrid"
    assert found[5]["location"] == "Madrid", "its vector is that of another text"
    assert set(found) == {1, 2, 4, 5}
    assert official.retrieve(name, [str(uuid.UUID(int=1))], with_vectors=True)[0].vector == before


def test_a_scan_sees_every_point_once_whatever_its_payload(
    index: QdrantIndex, official: QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = index.ensure(ALIAS, MODEL, DIMENSION).name
    assert [point for page in index.scan(name) for point in page] == []
    index.write(name, [upsert(n, n) for n in range(1, 8)])
    official.upsert(name, [models.PointStruct(id=900, vector=vector(9).tolist())], wait=True)
    kind = {"record_kind": "document", "record_id": 8, "version": 8}
    official.upsert(name, [models.PointStruct(id=8, vector=vector(8).tolist(), payload=kind)], wait=True)
    monkeypatch.setattr("core.adapters.qdrant_index.SCAN_PAGE", 3)

    pages = list(index.scan(name))

    assert [len(page) for page in pages] == [3, 3, 3]
    seen = {point.id: tuple(point)[1:] for page in pages for point in page}
    ours = {uuid.UUID(int=n): (None, n, n) for n in range(1, 8)}
    assert seen == ours | {uuid.UUID(int=8): ("document", 8, 8), uuid.UUID(int=900): (None, None, None)}


def test_deleting_what_is_not_there_is_no_error(index: QdrantIndex) -> None:
    name = index.ensure(ALIAS, MODEL, DIMENSION).name
    index.write(name, [upsert(n) for n in range(4)])

    index.delete(name, ids(0, 1, 9))
    index.delete(name, [])

    assert index.count(name, "candidate") == 2


def test_points_of_another_kind_of_record_are_not_counted(index: QdrantIndex) -> None:
    name = index.ensure(ALIAS, MODEL, DIMENSION).name
    index.write(name, [upsert(1, record_kind="candidate"), upsert(2, record_kind="document"), upsert(3)])

    assert (index.count(name, "candidate"), index.count(name, "document")) == (2, 2)  # one does not say its kind


def test_a_collection_of_an_older_version_gets_the_indexes_that_it_lacks(
    index: QdrantIndex, official: QdrantClient
) -> None:
    name = index.ensure(ALIAS, MODEL, DIMENSION).name
    official.delete_payload_index(name, "record_kind")
    assert "record_kind" not in official.get_collection(name).payload_schema

    index.ensure(ALIAS, MODEL, DIMENSION)

    assert "record_kind" in official.get_collection(name).payload_schema


def test_the_nearest_come_first_and_the_filter_lets_in_only_its_own(index: QdrantIndex) -> None:
    name = index.ensure(ALIAS, MODEL, DIMENSION).name
    index.write(
        name,
        [
            upsert(1, location="Madrid", skills=["Python", "SQL"], years_experience=8, status="active"),
            upsert(2, location="Madrid", skills=["Python"], years_experience=2, languages=["es"]),
            upsert(3, location="Lima", skills=["SQL"], years_experience=8),
        ],
    )

    def found(**where: Any) -> list[int]:
        hits = index.search(name, vector(3), 10, RecordFilter(**where))
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert all(set(hit.payload) == {"record_id"} for hit in hits)  # nobody reads more of it
        return [hit.payload["record_id"] for hit in hits]

    assert found()[0] == 3
    assert sorted(found(location="madrid")) == [1, 2]
    assert found(skills=("python", "sql")) == [1]
    assert found(languages=("ES",)) == [2]
    assert sorted(found(min_years=8)) == [1, 3]
    assert found(status="active", min_years=9) == []


def test_a_missing_collection_stops_the_job_with_the_cure(index: QdrantIndex) -> None:
    for act in (
        lambda: index.write("nowhere", [upsert(1)]),
        lambda: index.delete("nowhere", ids(1)),
        lambda: index.count("nowhere", "candidate"),
        lambda: index.retrieve("nowhere", ids(1)),
        lambda: index.search("nowhere", vector(1), 1, RecordFilter()),
    ):
        with pytest.raises(GiveUp, match="launch a sync") as caught:
            act()
        assert caught.value.code == "collection_missing"


def test_a_vector_of_another_size_stops_the_job_and_is_not_written(index: QdrantIndex) -> None:
    name = index.ensure(ALIAS, MODEL, DIMENSION).name
    wrong = Upsert(uuid.UUID(int=2), np.ones(5, dtype=np.float32), {"version": 1}, 1)

    with pytest.raises(GiveUp) as caught:
        index.write(name, [wrong, upsert(1)])

    assert caught.value.code == "qdrant_refuses"
    assert index.retrieve(name, ids(2)) == []


def test_nobody_listening_is_tried_again() -> None:
    index = QdrantIndex(f"http://127.0.0.1:{free_port()}")

    for act in (lambda: index.current(ALIAS), lambda: index.retrieve("any", ids(1))):
        with pytest.raises(TryAgain, match="is it running at QDRANT_URL") as caught:
            act()
        assert caught.value.code == "qdrant_unreachable"
    index.close()


def ids(*numbers: int) -> list[uuid.UUID]:
    return [uuid.UUID(int=n) for n in numbers]


def test_single_points_are_looked_at_whole(index: QdrantIndex) -> None:
    name = index.ensure(ALIAS, MODEL, DIMENSION).name
    index.write(name, [upsert(1, location="Vigo")])
    (point,) = index.inspect(name, [uuid.UUID(int=1), uuid.UUID(int=2)])
    assert (point.id, point.payload["location"]) == (uuid.UUID(int=1), "Vigo")
    own = vector(1) / np.linalg.norm(vector(1))  # as an index of cosines keeps it
    assert point.vector == pytest.approx(own, abs=1e-6)


def test_the_nearest_are_found_by_their_number_alone(index: QdrantIndex) -> None:
    name = index.ensure(ALIAS, MODEL, DIMENSION).name
    index.write(name, [upsert(n, location="Vigo") for n in range(5)])
    hits = index.nearest(name, vector(3), 2)
    assert len(hits) == 2
    assert (hits[0].id, hits[0].payload, hits[0].score) == (
        str(uuid.UUID(int=3)),
        {"record_id": 3},
        pytest.approx(1, abs=1e-5),
    )


def test_a_look_at_a_collection_that_is_gone_says_so(index: QdrantIndex) -> None:
    with pytest.raises(GiveUp, match="launch a sync"):
        index.inspect("gone", [uuid.UUID(int=1)])
