"""Writes leave what they leave in the client's own engine; a bad one leaves nothing."""

from __future__ import annotations

import random
from typing import Any

import httpx
import pytest
from qdrant_client import QdrantClient, models

from tests.core.stack.vectors.conftest import Pair

LIMA = models.Filter(must=[models.FieldCondition(key="city", match=models.MatchValue(value="Lima"))])


def unless_newer(version: int) -> models.Filter:
    """The condition of every upsert of the product."""
    return models.Filter(
        should=[
            models.FieldCondition(key="version", range=models.Range(lte=version)),
            models.IsEmptyCondition(is_empty=models.PayloadField(key="version")),
        ]
    )


def upsert(id: int, version: int, condition: models.Filter | None = None) -> models.UpsertOperation:
    """An upsert of one point that says in its vector and payload which one it was."""
    point = models.PointStruct(id=id, vector=[1.0, version, id, 0.0], payload={"version": version})
    return models.UpsertOperation(upsert=models.PointsList(points=[point], update_filter=condition))


def everything(client: QdrantClient) -> Any:
    return client.scroll("c", limit=1000, with_payload=True, with_vectors=True)


def test_points_are_inserted_and_replaced(pair: Pair) -> None:
    for city in ("Lima", "Madrid"):
        pair.do(lambda client: client.upsert("c", [_point(1, city), _point(2, city)]))  # noqa: B023
    pair.do(everything)


def test_a_point_is_not_replaced_by_an_older_version(pair: Pair) -> None:
    for version in (5, 3, 5, 9):
        pair.do(lambda client: client.batch_update_points("c", [upsert(1, version, unless_newer(version))]))  # noqa: B023
    points, _ = pair.do(everything)
    assert points[0].payload == {"version": 9}


def test_one_batch_mixes_new_older_newer_and_repeated_points(pair: Pair) -> None:
    pair.do(lambda client: client.batch_update_points("c", [upsert(id, 50) for id in range(1, 20)]))
    choose = random.Random(7)
    for _ in range(20):
        versions = [(choose.randint(1, 40), choose.randint(1, 100)) for _ in range(30)]
        batch = [upsert(id, version, unless_newer(version) if version % 5 else None) for id, version in versions]
        pair.do(lambda client: client.batch_update_points("c", batch))  # noqa: B023
        pair.do(everything)


def test_a_batch_applies_operations_of_all_sorts_in_their_order(filled: Pair) -> None:
    ids: list[Any] = [2, 3]
    lima = models.FilterSelector(filter=LIMA)
    operations: list[Any] = [
        upsert(1, 3),
        models.SetPayloadOperation(set_payload=models.SetPayload(payload={"seen": True}, points=[1, 4])),
        models.SetPayloadOperation(set_payload=models.SetPayload(payload={"far": 1}, filter=LIMA)),
        models.OverwritePayloadOperation(overwrite_payload=models.SetPayload(payload={"only": 1}, points=ids)),
        models.DeletePayloadOperation(delete_payload=models.DeletePayload(keys=["years"], points=[4, 5])),
        models.ClearPayloadOperation(clear_payload=models.PointIdsList(points=[6])),
        models.DeleteOperation(delete=models.PointIdsList(points=[7, 999])),
        upsert(7, 8),
        models.DeleteOperation(delete=lima),
        upsert(2, 9),
    ]
    filled.do(lambda client: client.batch_update_points("c", operations))
    filled.do(everything)


def test_payload_is_changed_by_id_and_by_filter(filled: Pair) -> None:
    filled.do(lambda client: client.set_payload("c", {"a": {"b": 1}}, points=[1]))
    filled.do(lambda client: client.overwrite_payload("c", {"city": "Quito"}, points=[2]))
    filled.do(lambda client: client.set_payload("c", {"far": True}, points=LIMA))
    filled.do(lambda client: client.delete_payload("c", ["years"], points=LIMA))
    filled.do(lambda client: client.clear_payload("c", points_selector=[5]))
    filled.do(everything)


def test_points_are_deleted_by_id_and_by_filter(filled: Pair) -> None:
    filled.do(lambda client: client.delete("c", [1, 12, 999]))
    filled.do(lambda client: client.delete("c", LIMA))
    filled.do(everything)


def test_an_upsert_may_be_for_new_points_or_for_old_ones_only(ours: QdrantClient, pair: Pair) -> None:
    ours.upsert("c", [_point(1, "Lima")])
    ours.upsert("c", [_point(1, "Quito"), _point(2, "Quito")], update_mode=models.UpdateMode.INSERT_ONLY)
    ours.upsert("c", [_point(1, "Madrid"), _point(3, "Madrid")], update_mode=models.UpdateMode.UPDATE_ONLY)
    found = {point.id: (point.payload or {})["city"] for point in ours.scroll("c")[0]}
    assert found == {1: "Madrid", 2: "Quito"}


GOOD = {"id": 1, "vector": [1.0, 0, 0, 0], "payload": {}}


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"upsert": {"points": [GOOD, {"id": 2, "vector": [1.0, 2.0]}]}}, "expected dim: 4, got 2"),
        ({"upsert": {"points": [{"id": 2, "vector": [1e39, 0, 0, 0]}]}}, "not finite"),
        ({"upsert": {"points": [{"id": 2, "vector": {"named": [1.0, 0, 0, 0]}}]}}, "one unnamed dense vector"),
        ({"upsert": {"points": [{"id": "nobody", "vector": [1.0, 0, 0, 0]}]}}, "nobody"),
        ({"upsert": {"points": [{"vector": [1.0, 0, 0, 0]}]}}, "missing field 'id'"),
        ({"upsert": {"points": [GOOD], "update_filter": {"mst": []}}}, "mst"),
        ({"upsert": {"batch": {"ids": [1, 2], "vectors": [[1.0, 0, 0, 0]]}}}, "differ in number"),
        ({"delete": {"filter": {"must": [{"key": "city"}]}}}, "no condition"),
        ({"explode": {}}, "unknown operation"),
    ],
)
def test_a_batch_with_one_bad_operation_leaves_nothing(
    filled: Pair, qdrant: str, bad: dict[str, Any], message: str
) -> None:
    before = everything(filled.ours)
    operations = [{"upsert": {"points": [GOOD]}}, {"delete": {"points": [2]}}, bad]
    reply = httpx.post(f"{qdrant}/collections/c/points/batch", json={"operations": operations})
    assert reply.status_code == 400
    assert message in reply.json()["status"]["error"]
    assert everything(filled.ours) == before


def test_a_value_that_json_cannot_hold_is_refused(pair: Pair, qdrant: str) -> None:
    body = b'{"points": [{"id": 1, "vector": [NaN, 0, 0, 0]}]}'
    reply = httpx.put(f"{qdrant}/collections/c/points", content=body)
    assert (reply.status_code, pair.ours.count("c").count) == (400, 0)


def _point(id: int, city: str) -> models.PointStruct:
    return models.PointStruct(id=id, vector=[1.0, id, 0.0, 0.5], payload={"city": city})
