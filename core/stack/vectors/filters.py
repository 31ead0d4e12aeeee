"""Filters: Qdrant's JSON to the engine's conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import qdrant_edge as engine

from core.stack.vectors.errors import bad_format

CLAUSES = ("must", "should", "must_not")
MATCHES = {
    "value": engine.MatchValue,
    "any": engine.MatchAny,
    "except": engine.MatchExcept,
    "text": engine.MatchText,
    "text_any": engine.MatchTextAny,
    "phrase": engine.MatchPhrase,
}


def filter_or_none(raw: Mapping[str, Any] | None) -> engine.Filter | None:
    return None if raw is None else filter_of(raw)


def filter_of(raw: Mapping[str, Any]) -> engine.Filter:
    """Translate a filter. An unknown clause is an error, never ignored: it would match too much."""
    if unknown := raw.keys() - {*CLAUSES, "min_should"}:
        raise bad_format(f"unknown field `{sorted(unknown)[0]}` in a filter")
    clauses: dict[str, Any] = {
        name: [_condition(item) for item in _listed(raw[name])] for name in CLAUSES if raw.get(name)
    }
    if least := raw.get("min_should"):
        conditions = [_condition(item) for item in least["conditions"]]
        clauses["min_should"] = engine.MinShould(conditions, least["min_count"])
    return engine.Filter(**clauses)


def _condition(raw: Mapping[str, Any]) -> Any:
    if "key" in raw:
        return _field(raw)
    if "has_id" in raw:
        return engine.HasIdCondition(set(raw["has_id"]))
    if "is_empty" in raw:
        return engine.IsEmptyCondition(raw["is_empty"]["key"])
    if "is_null" in raw:
        return engine.IsNullCondition(raw["is_null"]["key"])
    if "nested" in raw:
        return engine.NestedCondition(raw["nested"]["key"], filter_of(raw["nested"]["filter"]))
    return filter_of(raw)


def _field(raw: Mapping[str, Any]) -> engine.FieldCondition:
    given = {name: value for name, value in raw.items() if name != "key" and value is not None}
    made: dict[str, Any] = {}
    for name, value in given.items():
        match name:
            case "match":
                made["match"] = _match(value)
            case "range":
                made["range"] = _range(value)
            case "values_count":
                made["values_count"] = engine.ValuesCount(**_set(value))
            case "is_empty" | "is_null":
                made[name] = bool(value)
            case _:
                raise bad_format(f"condition `{name}` is not supported by the embedded server")
    if not made:
        raise bad_format(f"no condition on `{raw['key']}`")
    return engine.FieldCondition(key=raw["key"], **made)


def _match(raw: Mapping[str, Any]) -> Any:
    for name, make in MATCHES.items():
        if name in raw:
            return make(raw[name])
    raise bad_format("unknown kind of match")


def _range(raw: Mapping[str, Any]) -> engine.RangeFloat | engine.RangeDateTime:
    bounds = _set(raw)
    if any(isinstance(bound, str) for bound in bounds.values()):
        return engine.RangeDateTime(**bounds)
    return engine.RangeFloat(**bounds)


def _set(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if value is not None}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
