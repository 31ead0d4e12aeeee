"""The OpenAPI document, made from the calls themselves: their routes, scopes, models and docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Literal

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from webapp.api.operation import Models, Operation
from webapp.api.problems import MEDIA_TYPE, Problem

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]

ABOUT = (
    "Launch work on the index, watch it, retry what failed, and ask whether the index is true. Send a token as "
    "“Authorization: Bearer …”; its scopes are read < operate < admin, each may do what those before it may. Errors "
    "are problem documents (RFC 9457): compare the type, show the detail."
)
REF = "#/components/schemas/{model}"
PROBLEMS = {
    400: "The body is not JSON.",
    401: "No token, or one that is wrong, revoked or expired.",
    403: "The token lacks the scope, which is named.",
    404: "No such thing.",
    409: "Not possible in this state.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    422: "A field cannot be used; `errors` names each.",
    429: "Too many launches by this token; Retry-After says how long to wait.",
    500: "The server failed.",
    503: "PostgreSQL, Redis or Qdrant does not answer; Retry-After says when to try again.",
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Any word of yours: the same word with the same body gives the same job, also when it is over.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
ID = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
PATH_SCHEMAS = {
    "job_id": {"type": "string", "format": "uuid"},
    "candidate_id": ID,
    "person_id": ID,
    "token_id": ID,
    "name": {"type": "string", "minLength": 1, "maxLength": 200},
}


def make(app: Flask) -> Json:
    """Make the document of every call that the app serves."""
    calls = sorted(_calls(app), key=lambda call: (call[0].rule, call[1]))
    schemas = _schemas([operation for _, _, operation, _ in calls])
    paths: Json = {}
    for rule, method, operation, name in calls:
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        paths.setdefault(path, {})[method.lower()] = _call(rule, operation, name, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vigía", "version": version("vigia"), "description": ABOUT},
        "paths": paths,
        "components": {
            "schemas": schemas.shared,
            "responses": {f"Problem{status}": _problem(status) for status in PROBLEMS},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


class _Schemas:
    """The JSON Schemas of the models: of requests as they are read, of answers as they are written."""

    def __init__(self, models: list[tuple[type[BaseModel], Mode]]) -> None:
        self._of, definitions = models_json_schema(models, ref_template=REF)
        self.shared: Json = definitions.get("$defs", {})

    def of(self, model: type[BaseModel], mode: Mode) -> Json:
        return self._of[(model, mode)]

    def named(self, model: type[BaseModel], mode: Mode) -> Json:
        """Give the whole schema of a model, not the reference to it."""
        found: Json = self.shared[self.of(model, mode)["$ref"].rsplit("/", 1)[1]]
        return found

    def query(self, model: type[BaseModel]) -> Json:
        """Give the schema of a query string, which is no object of its own; keep the objects that it names."""
        schema = model.model_json_schema(ref_template=REF)
        self.shared |= schema.pop("$defs", {})
        return schema


def _calls(app: Flask) -> Iterator[tuple[Rule, str, Operation, str]]:
    for rule in app.url_map.iter_rules():
        operation = getattr(app.view_functions[rule.endpoint], "operation", None)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            if operation is not None:
                yield rule, method, operation, rule.endpoint.removeprefix("api.")


def _schemas(operations: list[Operation]) -> _Schemas:
    models: dict[tuple[type[BaseModel], Mode], None] = {(Problem, "serialization"): None}
    for operation in operations:
        if operation.body is not None:
            models[operation.body, "validation"] = None
        models |= dict.fromkeys((model, "serialization") for some in operation.answers.values() for model in some)
    return _Schemas(list(models))


def _call(rule: Rule, operation: Operation, name: str, schemas: _Schemas) -> Json:
    tag, _, act = name.partition(".")
    summary, _, more = operation.description.partition("\n")
    call: Json = {
        "operationId": f"{tag}_{act}",
        "tags": [tag],
        "summary": summary,
        "description": " ".join(more.split()) or f"Needs the scope {operation.scope}.",
        "security": [{"token": [operation.scope]}],
        "parameters": [*_path_parameters(rule), *_query_parameters(operation, schemas)],
        "responses": {str(status): _answer(status, some, schemas) for status, some in operation.answers.items()},
    }
    if operation.idempotent:
        call["parameters"].append(KEY)
    if operation.body is not None:
        body = schemas.of(operation.body, "validation")
        required = bool(schemas.named(operation.body, "validation").get("required"))
        call["requestBody"] = {"required": required, "content": {"application/json": {"schema": body}}}
    for status in _problems_of(rule, operation):
        call["responses"][str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    return call


def _problems_of(rule: Rule, operation: Operation) -> list[int]:
    found = {401, 403, 500, 503, *operation.problems}
    if rule.arguments:
        found.add(404)
    if operation.query is not None:
        found.add(422)
    if operation.body is not None:
        found |= {400, 413, 415, 422}
    return sorted(found)


def _path_parameters(rule: Rule) -> Iterator[Json]:
    for name in sorted(rule.arguments):
        yield {"name": name, "in": "path", "required": True, "schema": PATH_SCHEMAS[name]}


def _query_parameters(operation: Operation, schemas: _Schemas) -> Iterator[Json]:
    if operation.query is None:
        return
    schema = schemas.query(operation.query)
    for name, field in schema["properties"].items():
        required = name in schema.get("required", ())
        yield {"name": name, "in": "query", "required": required, **_parameter(field)}


def _parameter(field: Json) -> Json:
    """Describe a value of the query string, where null is said by leaving it out, and an object is JSON."""
    choices = [choice for choice in field.get("anyOf", [field]) if choice.get("type") != "null"]
    chosen: Json = choices[0] | {name: field[name] for name in ("description",) if name in field}
    about = {"description": chosen.pop("description")} if "description" in chosen else {}
    if "contentSchema" in chosen:
        return about | {"content": {"application/json": {"schema": chosen["contentSchema"]}}}
    return about | {"schema": chosen}


def _answer(status: int, models: Models, schemas: _Schemas) -> Json:
    written = [schemas.of(model, "serialization") for model in models]
    schema = written[0] if len(written) == 1 else {"anyOf": written}
    about = " Or: ".join((model.__doc__ or "").split("\n")[0] for model in models)
    answer: Json = {"description": about, "content": {"application/json": {"schema": schema}}}
    if status == HTTPStatus.ACCEPTED:
        answer["headers"] = {"Location": {"description": "Where to watch the job.", "schema": {"type": "string"}}}
    return answer


def _problem(status: int) -> Json:
    answer: Json = {
        "description": PROBLEMS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    needed = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}.get(status)
    if needed:
        answer["headers"] = {needed: {"schema": {"type": "string"}}}
    return answer
