"""The OpenAPI document as a page shows it: calls by noun, and the fields of each object in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field or parameter; `link` is the object that it holds, `limits` what is allowed."""

    name: str
    words: str
    link: str | None
    required: bool
    about: str
    limits: str


@dataclass(frozen=True, slots=True)
class Schema:
    """One object."""

    name: str
    about: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: its status, what it means, the objects that it may be."""

    status: str
    about: str
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One call, with its parameters and answers."""

    id: str
    method: str
    path: str
    summary: str
    scope: str
    parameters: tuple[Field, ...]
    body: str | None
    answers: tuple[Said, ...]


def groups(document: Json) -> list[tuple[str, list[Call]]]:
    """Give the calls by noun, in the order of their paths."""
    calls = [
        (operation["tags"][0], _call(document, path, method, operation))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    calls.sort(key=lambda tagged: tagged[0])
    return [(tag, [call for _, call in tagged]) for tag, tagged in groupby(calls, key=lambda tagged: tagged[0])]


def schemas(document: Json) -> list[Schema]:
    """Give the objects that go in and come out, by name."""
    return [
        Schema(name, schema.get("description", ""), tuple(_fields(schema)))
        for name, schema in sorted(document["components"]["schemas"].items())
    ]


def _call(document: Json, path: str, method: str, operation: Json) -> Call:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return Call(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        scope=operation["security"][0]["token"][0],
        parameters=tuple(_parameter(parameter) for parameter in operation["parameters"]),
        body=_link(body) if body else None,
        answers=tuple(_said(document, status, answer) for status, answer in sorted(operation["responses"].items())),
    )


def _said(document: Json, status: str, answer: Json) -> Said:
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    schema = next(iter(answer["content"].values()))["schema"]
    links = tuple(link for choice in schema.get("anyOf", [schema]) if (link := _link(choice)))
    return Said(status, answer["description"], links)


def _parameter(parameter: Json) -> Field:
    schema = parameter["schema"] if "schema" in parameter else parameter["content"]["application/json"]["schema"]
    about = parameter.get("description", "")
    return Field(
        parameter["name"], _words(schema), _link(schema), parameter.get("required", False), about, _limits(schema)
    )


def _fields(schema: Json) -> Iterator[Field]:
    for name, field in schema.get("properties", {}).items():
        required = name in schema.get("required", ())
        yield Field(name, _words(field), _link(field), required, field.get("description", ""), _limits(field))


def _words(schema: Json) -> str:
    """Name a type as people do: `whole number or null`, `list of JobAnswer`."""
    if "anyOf" in schema:
        return " or ".join(_words(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(str(value) for value in schema["enum"])
    match schema.get("type"):
        case "array":
            return f"list of {_words(schema.get('items', {}))}"
        case "integer":
            return "whole number"
        case "boolean":
            return "true or false"
        case "string":
            return {"uuid": "UUID", "date-time": "time"}.get(schema.get("format", ""), "text")
    return _link(schema) or str(schema.get("type", "anything"))


def _link(schema: Json) -> str | None:
    """Name the object that a value is, or holds."""
    if "$ref" in schema:
        name: str = schema["$ref"].rsplit("/", 1)[1]
        return name
    inner = [*schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])]
    return next((link for choice in inner if (link := _link(choice))), None)


def _limits(schema: Json) -> str:
    """Say what is allowed, and what is meant when it is left out."""
    choices = [choice for choice in schema.get("anyOf", [schema]) if choice.get("type") != "null"]
    chosen = choices[0] if choices else {}
    names = {"minimum": "from", "maximum": "to", "minItems": "at least", "maxItems": "at most", "maxLength": "at most"}
    limits = [f"{word} {chosen[name]:,}" for name, word in names.items() if chosen.get(name, 0) > 0]
    if schema.get("default") not in (None, "", [], ()):
        limits.append(f"default {schema['default']}".lower())
    return ", ".join(limits)
