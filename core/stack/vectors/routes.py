"""Which call does what: method and path to one function each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from core.stack.vectors import reads, writes
from core.stack.vectors.catalog import Catalog
from core.stack.vectors.errors import VectorError
from core.stack.vectors.points import point_id

Body = Mapping[str, Any]
Action = Callable[..., Any]  # (catalog, body, *names in the path) -> result


def answer(catalog: Catalog, method: str, path: str, body: Body) -> Any:
    """Do what the call asks and return its result."""
    for verb, pattern, action in ROUTES:
        if verb == method and (found := pattern.fullmatch(path)):
            return action(catalog, body, *map(unquote, found.groups()))
    raise VectorError(404, f"Not found: {method} {path} is not served by the embedded server")


def _done(number: int) -> dict[str, Any]:
    return {"operation_id": number, "status": "completed"}


def _single(name: str) -> Action:
    """Serve one write operation on a path of its own."""

    def write(catalog: Catalog, body: Body, collection: str) -> dict[str, Any]:
        return _done(writes.apply(catalog.get(collection), [{name: body}])[0])

    return write


def _read(function: Callable[..., Any]) -> Action:
    def read(catalog: Catalog, body: Body, collection: str) -> Any:
        return function(catalog.get(collection), body)

    return read


def _list(catalog: Catalog, _: Body) -> Any:
    return {"collections": [{"name": name} for name in catalog.names()]}


def _aliases(catalog: Catalog, _: Body, collection: str | None = None) -> Any:
    return {"aliases": catalog.aliases(collection)}


def _change_aliases(catalog: Catalog, body: Body) -> bool:
    catalog.change_aliases(body["actions"])
    return True


def _exists(catalog: Catalog, _: Body, collection: str) -> Any:
    return {"exists": catalog.exists(collection)}


def _create(catalog: Catalog, body: Body, collection: str) -> bool:
    catalog.create(collection, body)
    return True


def _amend(catalog: Catalog, body: Body, collection: str) -> bool:
    catalog.amend(collection, body)
    return True


def _drop(catalog: Catalog, _: Body, collection: str) -> bool:
    return catalog.drop(collection)


def _info(catalog: Catalog, _: Body, collection: str) -> Any:
    return catalog.get(collection).info()


def _index(catalog: Catalog, body: Body, collection: str) -> Any:
    return _done(writes.create_index(catalog.get(collection), body))


def _unindex(catalog: Catalog, _: Body, collection: str, field: str) -> Any:
    return _done(writes.delete_index(catalog.get(collection), field))


def _point(catalog: Catalog, _: Body, collection: str, id: str) -> Any:
    return reads.one(catalog.get(collection), point_id(id))


def _batch(catalog: Catalog, body: Body, collection: str) -> Any:
    return [_done(number) for number in writes.apply(catalog.get(collection), body["operations"])]


def _query_batch(catalog: Catalog, body: Body, collection: str) -> Any:
    return [reads.query(catalog.get(collection), search) for search in body["searches"]]


_ONE = "/collections/([^/]+)"
ROUTES: list[tuple[str, re.Pattern[str], Action]] = [
    (method, re.compile(pattern), action)
    for method, pattern, action in (
        ("GET", "/collections", _list),
        ("GET", "/aliases", _aliases),
        ("POST", "/collections/aliases", _change_aliases),
        ("GET", f"{_ONE}/aliases", _aliases),
        ("GET", f"{_ONE}/exists", _exists),
        ("PUT", _ONE, _create),
        ("PATCH", _ONE, _amend),
        ("DELETE", _ONE, _drop),
        ("GET", _ONE, _info),
        ("PUT", f"{_ONE}/index", _index),
        ("DELETE", f"{_ONE}/index/([^/]+)", _unindex),
        ("PUT", f"{_ONE}/points", _single("upsert")),
        ("POST", f"{_ONE}/points", _read(reads.retrieve)),
        ("GET", f"{_ONE}/points/([^/]+)", _point),
        ("POST", f"{_ONE}/points/delete", _single("delete")),
        ("POST", f"{_ONE}/points/payload", _single("set_payload")),
        ("PUT", f"{_ONE}/points/payload", _single("overwrite_payload")),
        ("POST", f"{_ONE}/points/payload/delete", _single("delete_payload")),
        ("POST", f"{_ONE}/points/payload/clear", _single("clear_payload")),
        ("POST", f"{_ONE}/points/batch", _batch),
        ("POST", f"{_ONE}/points/scroll", _read(reads.scroll)),
        ("POST", f"{_ONE}/points/count", _read(reads.count)),
        ("POST", f"{_ONE}/points/query", _read(reads.query)),
        ("POST", f"{_ONE}/points/query/batch", _query_batch),
        ("POST", f"{_ONE}/facet", _read(reads.facet)),
    )
]
