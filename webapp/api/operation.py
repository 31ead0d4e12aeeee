"""A call of the API: whom it lets in, what it reads, what it answers. The document is made from the same value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, get_type_hints

from flask import Response
from pydantic import BaseModel

from webapp.api.reading import read_body, read_query
from webapp.security import scope

Models = tuple[type[BaseModel], ...]
View = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Operation:
    """What the document says of a call; `problems` are the statuses beyond those that every call may answer."""

    scope: str
    description: str
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answers: Mapping[int, Models]
    problems: tuple[int, ...]
    idempotent: bool  # takes an Idempotency-Key


def operation(
    needed: str, answers: Mapping[int, Models], *, problems: tuple[int, ...] = (), idempotent: bool = False
) -> Callable[[View], View]:
    """Guard a view with a scope, and give it its `body` and its `query`, read into the models that it annotates."""

    def mark(view: View) -> View:
        hints = get_type_hints(view)
        body, query = hints.get("body"), hints.get("query")

        @scope(needed)
        @wraps(view)
        def call(**given: Any) -> Response:
            if query is not None:
                given["query"] = read_query(query)
            if body is not None:
                given["body"] = read_body(body)
            return view(**given)

        marked: Any = call
        marked.operation = Operation(needed, view.__doc__ or "", body, query, answers, problems, idempotent)
        return call

    return mark


def reply(answer: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Write an answer as JSON."""
    return Response(answer.model_dump_json(), status, headers=dict(headers or {}), content_type="application/json")
