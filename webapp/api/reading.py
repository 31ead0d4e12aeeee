"""Bodies and query strings, read strictly: what cannot be used is named, nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from core.errors import Invalid
from webapp.queries.page import BIGINT, LIMIT, MOST

M = TypeVar("M", bound=BaseModel)
Loc = tuple[int | str, ...]

Words = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Reason = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]
Id = Annotated[int, Field(ge=1, le=BIGINT)]

# The sentences of pydantic that speak of Python or of patterns, in words for scripts.
WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field",
    "bool_type": "must be true or false",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "string_type": "must be a string",
    "string_pattern_mismatch": "must not contain a NUL character",
}


class Request(BaseModel):
    """A body or a query string; a field that we do not know is refused, for it may be a misspelt one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Cursor(Request):
    """Which page of a list: `cursor` is the `next` of the page before."""

    cursor: str | None = Field(None, max_length=500, description="The next of the page before; none for the first.")
    limit: int = Field(LIMIT, ge=1, le=MOST, description="How many items at most.")


def read_body(model: type[M]) -> M:
    """Read the JSON body; an empty one or `null` stands for an object without fields.

    Raises BadRequest for what is no JSON, UnsupportedMediaType, and Invalid, which names each bad field.
    """
    raw = request.get_data()
    if raw and not request.is_json:
        raise UnsupportedMediaType("Send the body as JSON, with Content-Type: application/json.")
    if raw.strip() in (b"", b"null"):
        raw = b"{}"
    try:
        # Strict: the text "5" is no number and 1 is not true.
        return _storable(model.model_validate_json(raw, strict=True))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid":
            raise BadRequest(f"The body is not JSON: {first['ctx']['error']}.") from None
        raise invalid("The body cannot be used", error) from None


def read_query(model: type[M]) -> M:
    """Read the query string; raise Invalid, which names each bad parameter."""
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise Invalid("The query cannot be used.", dict.fromkeys(twice, "is given twice"))
    try:
        return _storable(model.model_validate(request.args.to_dict()))
    except ValidationError as error:
        raise invalid("The query cannot be used", error) from None


def invalid(sentence: str, error: ValidationError, *within: str) -> Invalid:
    """Say in our words what pydantic found, field by field; `within` is the path of the object it looked at."""
    found = {_path((*within, *item["loc"])): _words(item) for item in error.errors(include_url=False)}
    listed = "; ".join(f"{field} {text}" for field, text in list(found.items())[:5])
    return Invalid(f"{sentence}: {listed}.", found)


def _storable(model: M) -> M:
    """Refuse what has a place in JSON and none in PostgreSQL, whichever model let it pass."""
    errors = {}
    for loc, value in _leaves(model.model_dump()):
        if isinstance(value, str) and "\0" in value:
            errors[_path(loc)] = "must not contain a NUL character"
        elif isinstance(value, int) and abs(value) > BIGINT:
            errors[_path(loc)] = f"must be between -{BIGINT} and {BIGINT}"
    if errors:
        raise Invalid("A value cannot be stored.", errors)
    return model


def _leaves(value: Any, loc: Loc = ()) -> Iterator[tuple[Loc, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*loc, key))
    elif isinstance(value, list | tuple):
        for n, inner in enumerate(value):
            yield from _leaves(inner, (*loc, n))
    else:
        yield loc, value


def _words(error: ErrorDetails) -> str:
    return WORDS.get(error["type"], error["msg"]).removeprefix("Value error, ")


def _path(loc: Loc) -> str:
    return ".".join(str(step) for step in loc) or "body"
