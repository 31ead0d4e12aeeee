"""Points: from JSON, checked, and back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import qdrant_edge as engine

from core.stack.vectors.errors import bad_format, wrong_input

LARGEST = 3.4028235e38  # of a 32-bit float


def points_of(body: Mapping[str, Any], dimension: int) -> list[engine.Point]:
    """Make the points of an upsert, given as a list of points or as columns; all are good or it raises."""
    rows = _columns(body["batch"]) if "batch" in body else _rows(body["points"])
    return [engine.Point(id, _checked(vector, dimension), payload or {}) for id, vector, payload in rows]


def record(found: engine.Record) -> dict[str, Any]:
    """Write a stored point as the server does."""
    written = {"id": found.id, "payload": found.payload, "vector": found.vector}
    return written if found.order_value is None else written | {"order_value": found.order_value}


def scored(found: engine.ScoredPoint) -> dict[str, Any]:
    """Write a hit as the server does."""
    return {
        "id": found.id,
        "version": found.version,
        "score": found.score,
        "payload": found.payload,
        "vector": found.vector,
    }


def point_id(text: str) -> int | str:
    """Read an id in a path."""
    return int(text) if text.isdigit() else text


def _rows(points: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Any, Any, Any]]:
    return ((point["id"], point["vector"], point.get("payload")) for point in points)


def _columns(batch: Mapping[str, Any]) -> Iterator[tuple[Any, Any, Any]]:
    ids, vectors = batch["ids"], batch["vectors"]
    payloads = batch.get("payloads") or [None] * len(ids)
    if not len(ids) == len(vectors) == len(payloads):
        raise wrong_input("ids, vectors and payloads of a batch differ in number")
    return zip(ids, vectors, payloads, strict=True)


def _checked(vector: Any, dimension: int) -> list[float]:
    if not isinstance(vector, list):
        raise bad_format("the embedded server keeps one unnamed dense vector a point: a list of numbers")
    if len(vector) != dimension:
        raise wrong_input(f"Vector dimension error: expected dim: {dimension}, got {len(vector)}")
    # The engine takes NaN and infinity without a word. Not-a-number compares false, so it is refused as well.
    if not math.hypot(*vector) <= LARGEST:
        raise wrong_input("a vector has a value that is not finite")
    return vector
