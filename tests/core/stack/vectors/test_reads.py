"""Reads answer as the client's own engine does."""

from __future__ import annotations

import uuid

import orjson
import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from tests.core.stack.vectors.conftest import Pair

LIMA = models.Filter(must=[models.FieldCondition(key="city", match=models.MatchValue(value="Lima"))])


def test_points_are_retrieved_with_the_chosen_payload_and_vector(filled: Pair) -> None:
    filled.do(lambda client: client.retrieve("c", [1, 2, 99], with_payload=True, with_vectors=True))
    filled.do(lambda client: client.retrieve("c", [1, 2], with_payload=["city"]))
    filled.do(lambda client: client.retrieve("c", [1], with_payload=models.PayloadSelectorExclude(exclude=["city"])))
    filled.do(lambda client: client.retrieve("c", [1], with_payload=False))


def test_a_scroll_pages_through_all_points_once(filled: Pair) -> None:
    seen: list[int | str] = []
    offset = None
    while True:
        points, offset = filled.do(lambda client: client.scroll("c", limit=5, offset=offset))  # noqa: B023
        seen += [point.id for point in points]
        if offset is None:
            break
    assert seen == list(range(1, 13))


def test_a_scroll_follows_a_field(filled: Pair) -> None:
    order = models.OrderBy(key="years", direction=models.Direction.DESC)
    filled.do(lambda client: client.scroll("c", limit=3, order_by=order)[0])


def test_the_values_of_a_field_are_counted(filled: Pair) -> None:
    filled.do(lambda client: client.facet("c", "city", exact=True))
    filled.do(lambda client: client.facet("c", "city", exact=True, facet_filter=LIMA))


def test_the_nearest_points_come_first_with_their_scores(filled: Pair) -> None:
    near = [0.5, 0.4, 0.1, 0.0]
    filled.do(lambda client: client.query_points("c", near, limit=5, with_payload=True, with_vectors=True))
    filled.do(lambda client: client.query_points("c", near, limit=5, query_filter=LIMA))
    filled.do(lambda client: client.query_points("c", near, limit=3, offset=2))
    filled.do(lambda client: client.query_points("c", near, limit=12, score_threshold=0.9))


def test_the_neighbours_of_a_point_do_not_include_it(filled: Pair) -> None:
    hits = filled.do(lambda client: client.query_points("c", 3, limit=4)).points
    assert 3 not in [hit.id for hit in hits]


def test_several_queries_in_one_call_are_answered_in_order(filled: Pair) -> None:
    requests = [models.QueryRequest(query=models.NearestQuery(nearest=[1.0, 0, 0, n]), limit=2) for n in range(3)]
    filled.do(lambda client: client.query_batch_points("c", requests))


def test_uuids_come_back_as_text(pair: Pair) -> None:
    id = str(uuid.uuid4())
    for client in (pair.ours, pair.reference):
        client.upsert("c", [models.PointStruct(id=id, vector=[1.0, 0.0, 0.0, 0.0], payload={})])
    assert pair.do(lambda client: client.retrieve("c", [id]))[0].id == id
    assert pair.do(lambda client: client.scroll("c", offset=id))[0][0].id == id


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"query": [1.0, 2.0]}, "expected dim: 4, got 2"),
        ({"query": [1.0, 0, 0, 0], "limit": 0}, "must be 1 or larger"),
        ({"query": [1.0, 0, 0, 0], "limit": 1, "offset": -1}, "negative"),
        ({"query": {"fusion": "rrf"}}, "not supported"),
        ({"query": 77}, "No point with id 77"),
        ({"query": [1.0, 0, 0, 0], "filter": {"must": [{"key": "city", "match": {}}]}}, "match"),
    ],
)
def test_a_bad_query_is_refused_with_its_reason(
    filled: Pair, qdrant: str, body: dict[str, object], message: str
) -> None:
    with pytest.raises(UnexpectedResponse) as refused:
        filled.ours.http.client.request(
            type_=object, method="POST", url="/collections/c/points/query", content=_json(body)
        )
    assert refused.value.status_code in (400, 404)
    assert message in refused.value.content.decode()


def test_a_missing_collection_is_a_404_in_the_servers_words(ours: QdrantClient) -> None:
    with pytest.raises(UnexpectedResponse, match=r"Collection `nobody` doesn.*t exist") as refused:
        ours.count("nobody")
    assert refused.value.status_code == 404


def _json(body: dict[str, object]) -> bytes:
    return orjson.dumps(body)
