"""Writes: a request's operations, all checked before the first is applied, grouped so that the engine works in bulk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import qdrant_edge as engine

from core.stack.vectors.collection import Collection
from core.stack.vectors.errors import bad_format
from core.stack.vectors.filters import filter_of, filter_or_none
from core.stack.vectors.points import points_of

MODES = {
    "upsert": engine.UpdateMode.Upsert,
    "insert_only": engine.UpdateMode.InsertOnly,
    "update_only": engine.UpdateMode.UpdateOnly,
}
INDEXES = {
    "keyword": engine.KeywordIndexParams,
    "integer": engine.IntegerIndexParams,
    "float": engine.FloatIndexParams,
    "bool": engine.BoolIndexParams,
    "datetime": engine.DatetimeIndexParams,
    "uuid": engine.UuidIndexParams,
    "text": engine.TextIndexParams,
}


@dataclass(frozen=True, slots=True)
class Upsert:
    """Points to insert, and to replace where the point that is there passes the filter."""

    points: list[engine.Point]
    condition: engine.Filter | None = None

    def operation(self) -> engine.UpdateOperation:
        return engine.UpdateOperation.upsert_points(self.points, condition=self.condition)


Write = Upsert | engine.UpdateOperation


def apply(collection: Collection, operations: Sequence[Mapping[str, Any]]) -> list[int]:
    """Apply a request's operations, each `{name: body}`; return the number of each, for the answer.

    A bad one raises before any is applied. A point that is missing in a change of payload raises when its turn comes,
    as on the server.
    """
    writes = [_write(collection, *_only_item(operation)) for operation in operations]
    with collection.lock:
        last = 0
        for _, group in groupby(writes, type):
            last = collection.update(_in_bulk(collection, list(group)))
    return [last] * len(operations)


def create_index(collection: Collection, body: Mapping[str, Any]) -> int:
    """Index a payload field; once more is no error."""
    schema = body["field_schema"]
    kind, options = (schema, {}) if isinstance(schema, str) else (schema["type"], {**schema})
    options.pop("type", None)
    if kind not in INDEXES:
        raise bad_format(f"payload index `{kind}` is not supported by the embedded server")
    made = engine.UpdateOperation.create_field_index(body["field_name"], INDEXES[kind](**options))
    return collection.update([made])


def delete_index(collection: Collection, field: str) -> int:
    return collection.update([engine.UpdateOperation.delete_field_index(field)])


def _write(collection: Collection, name: str, body: Mapping[str, Any]) -> Write:
    match name:
        case "upsert":
            return _upsert(collection, body)
        case "delete" if "points" in body:
            return engine.UpdateOperation.delete_points(body["points"])
        case "delete":
            return engine.UpdateOperation.delete_points_by_filter(filter_of(body["filter"]))
        case "set_payload" | "overwrite_payload":
            return _to_chosen(name, body, body["payload"], body.get("key"))
        case "delete_payload":
            return _to_chosen(name, body, body["keys"])
        case "clear_payload":
            return _to_chosen(name, body)
        case _:
            raise bad_format(f"unknown operation `{name}`")


def _upsert(collection: Collection, body: Mapping[str, Any]) -> Write:
    points = points_of(body, collection.dimension)
    condition = filter_or_none(body.get("update_filter"))
    mode = MODES[body.get("update_mode") or "upsert"]
    if mode is MODES["upsert"]:
        return Upsert(points, condition)
    return engine.UpdateOperation.upsert_points(points, condition=condition, update_mode=mode)


def _to_chosen(name: str, body: Mapping[str, Any], *arguments: Any) -> engine.UpdateOperation:
    """Change the payload of the listed points, or else of those that the filter finds."""
    if body.get("points") is not None:
        made = getattr(engine.UpdateOperation, name)(body["points"], *arguments)
    else:
        made = getattr(engine.UpdateOperation, f"{name}_by_filter")(filter_of(body["filter"]), *arguments)
    assert isinstance(made, engine.UpdateOperation)
    return made


def _in_bulk(collection: Collection, writes: Sequence[Write]) -> Iterator[engine.UpdateOperation]:
    """Group a row of upserts; other operations stay as they are."""
    upserts = [write for write in writes if isinstance(write, Upsert)]
    return _grouped(collection, upserts) if upserts else (write for write in writes if not isinstance(write, Upsert))


def _grouped(collection: Collection, upserts: Sequence[Upsert]) -> Iterator[engine.UpdateOperation]:
    """Do the same with fewer engine calls: all points that are new go in one.

    Upserts of different points do not touch each other, so their order is free; a condition says nothing of a point
    that is not there. A point that occurs more than once keeps its upserts apart and in order.
    """
    times = Counter(point.id for upsert in upserts for point in upsert.points)
    there = collection.existing(list(times))
    fresh: list[engine.Point] = []
    known: list[Upsert] = []
    for upsert in upserts:
        old: list[engine.Point] = []
        for point in upsert.points:
            if times[point.id] > 1:
                known.append(Upsert([point], upsert.condition))
            else:
                (old if point.id in there else fresh).append(point)
        known.append(Upsert(old, upsert.condition))
    for bulk in (Upsert(fresh), *known):
        if bulk.points:
            yield bulk.operation()


def _only_item(operation: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    if len(operation) != 1:
        raise bad_format("each operation has exactly one name")
    return next(iter(operation.items()))
