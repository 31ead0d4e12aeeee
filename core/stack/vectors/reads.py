"""Reads: retrieve, scroll, count, facet, query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import qdrant_edge as engine

from core.stack.vectors.collection import Collection
from core.stack.vectors.errors import VectorError, bad_format
from core.stack.vectors.filters import filter_or_none
from core.stack.vectors.points import record, scored

# How many of the nearest by their copies are compared by their vectors: so many at least, and so many times those that
# are wanted. 8 times alone missed one in a hundred of the nearest ten, of a million people much alike.
LEAST_COMPARED, TIMES_COMPARED = 500, 8.0
DIRECTIONS = {None: None, "asc": engine.Direction.Asc, "desc": engine.Direction.Desc}


def retrieve(collection: Collection, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    with collection.lock:
        found = collection.shard.retrieve(body["ids"], _payload(body, True), body.get("with_vector") or False)
    return [record(one) for one in found]


def one(collection: Collection, id: int | str) -> dict[str, Any]:
    found = retrieve(collection, {"ids": [id], "with_vector": True})
    if not found:
        raise VectorError(404, f"Not found: Point with id {id} does not exists!")
    return found[0]


def scroll(collection: Collection, body: Mapping[str, Any]) -> dict[str, Any]:
    """One page of points by id, or by a payload field where `order_by` is given."""
    order = body.get("order_by")
    request = engine.ScrollRequest(
        offset=body.get("offset"),
        limit=_limit(body),
        filter=filter_or_none(body.get("filter")),
        with_payload=_payload(body, True),
        with_vector=body.get("with_vector") or False,
        order_by=None if order is None else _order(order),
    )
    with collection.lock:
        found, following = collection.shard.scroll(request)
    return {"points": [record(one) for one in found], "next_page_offset": following}


def count(collection: Collection, body: Mapping[str, Any]) -> dict[str, int]:
    request = engine.CountRequest(exact=body.get("exact", True), filter=filter_or_none(body.get("filter")))
    with collection.lock:
        return {"count": collection.shard.count(request)}


def facet(collection: Collection, body: Mapping[str, Any]) -> dict[str, Any]:
    """Count the values of an indexed field. Always exact; the engine's hits without points are left out."""
    limit, where = body.get("limit") or 10, filter_or_none(body.get("filter"))
    with collection.lock:
        found = collection.shard.facet(engine.FacetRequest(body["key"], limit=limit, exact=True, filter=where))
    return {"hits": [{"value": hit.value, "count": hit.count} for hit in found.hits if hit.count]}


def query(collection: Collection, body: Mapping[str, Any]) -> dict[str, Any]:
    """The points nearest to a vector, or to a stored point, which is itself left out."""
    if body.get("prefetch") or body.get("using"):
        raise bad_format("prefetch and named vectors are not supported by the embedded server")
    with collection.lock:
        found = collection.shard.query(_request(collection, body))
    return {"points": [scored(hit) for hit in found]}


def _request(collection: Collection, body: Mapping[str, Any]) -> engine.QueryRequest:
    wanted, where = body.get("query"), body.get("filter")
    if isinstance(wanted, Mapping) and "nearest" in wanted:
        wanted = wanted["nearest"]
    if isinstance(wanted, (int, str)):
        stored = collection.shard.retrieve([wanted], False, True)
        if not stored:
            raise VectorError(404, f"Not found: No point with id {wanted} found")
        where = {"must": [where] if where else [], "must_not": [{"has_id": [wanted]}]}
        wanted = stored[0].vector
    if wanted is not None and not isinstance(wanted, list):
        raise bad_format("this kind of query is not supported by the embedded server")
    limit, offset = _limit(body), body.get("offset") or 0
    return engine.QueryRequest(
        limit=limit,
        offset=offset,
        query=None if wanted is None else engine.Query.Nearest(wanted),
        filter=filter_or_none(where),
        score_threshold=body.get("score_threshold"),
        params=_params(limit + offset, (body.get("params") or {}).get("exact")),
        with_payload=_payload(body, False),
        with_vector=body.get("with_vector") or False,
    )


def _params(wanted: int, exact: bool | None) -> engine.SearchParams:
    """Search by the copies and compare the nearest by their vectors, or all where `exact` is asked for."""
    if exact:
        return engine.SearchParams(exact=True)
    times = max(TIMES_COMPARED, LEAST_COMPARED / max(1, wanted))  # an offset below 0 is for the engine to refuse
    return engine.SearchParams(quantization=engine.QuantizationSearchParams(rescore=True, oversampling=times))


def _payload(body: Mapping[str, Any], default: bool) -> Any:
    """Read which payload fields are wanted: all, none, a list, or a list of exceptions."""
    wanted = body.get("with_payload")
    if wanted is None:
        return default
    if isinstance(wanted, Mapping):
        if "include" in wanted:
            return engine.PayloadSelector.Include(wanted["include"])
        return engine.PayloadSelector.Exclude(wanted["exclude"])
    return wanted


def _order(raw: Any) -> engine.OrderBy:
    if isinstance(raw, str):
        return engine.OrderBy(raw)
    return engine.OrderBy(raw["key"], DIRECTIONS[raw.get("direction")], raw.get("start_from"))


def _limit(body: Mapping[str, Any]) -> int:
    limit = body.get("limit", 10)
    if not isinstance(limit, int) or limit < 1:
        raise bad_format(f"limit: value {limit} invalid, must be 1 or larger")
    return limit
