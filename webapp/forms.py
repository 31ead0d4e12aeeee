"""A kind's form, made from its payload: its fields, what a browser sent, and a sentence beside each bad field.

Fields of a nested model are named with a dot: `filter.location`.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from werkzeug.datastructures import MultiDict

from core.errors import Invalid
from webapp.formatting import number
from webapp.i18n import gettext as _
from webapp.terms import parameter

Form = MultiDict[str, str]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Field:
    """One control. `widget`: text, number, tick, choice, words (by comma), lines (one a line)."""

    name: str
    label: str
    widget: str
    help: str
    choices: tuple[str, ...] = ()
    required: bool = False


def fields_of(model: type[BaseModel], prefix: str = "") -> Iterator[Field]:
    """Give the controls of a model, those of nested models after their own names."""
    for name, info in model.model_fields.items():
        inner = _inner(info.annotation)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from fields_of(inner, f"{prefix}{name}.")
            continue
        label = info.title or parameter(name)
        choices = tuple(str(choice) for choice in get_args(inner)) if get_origin(inner) is Literal else ()
        required = info.is_required() and inner is not bool
        yield Field(prefix + name, label, _widget(inner), info.description or "", choices, required)


def payload_from(model: type[M], form: Form) -> M:
    """Read a payload from a form; raise Invalid with one sentence for each bad field, in the reader's language."""
    try:
        return model.model_validate(_raw(model, form))
    except ValidationError as error:
        raise Invalid(_("Some fields need a second look."), errors_of(error)) from None


def errors_of(error: ValidationError) -> dict[str, str]:
    """Give one sentence for each bad field, in the reader's language."""
    errors: dict[str, str] = {}
    for item in error.errors():
        errors.setdefault(_name(item["loc"]), _sentence(item))
    return errors


def form_of(payload: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Write a payload as the values of its form: what `payload_from` reads back."""
    values: dict[str, str] = {}
    for name, value in payload.items():
        if isinstance(value, Mapping):
            values |= form_of(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            values[prefix + name] = ", ".join(str(item) for item in value)
        elif value not in (None, False):
            values[prefix + name] = "1" if value is True else str(value)
    return {name: value for name, value in values.items() if value}


def _raw(model: type[BaseModel], form: Form, prefix: str = "") -> dict[str, Any]:
    raw: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        value = _value(info, form, prefix + name)
        if value not in (None, "", [], {}):
            raw[name] = value
    return raw


def _value(info: FieldInfo, form: Form, name: str) -> Any:
    inner = _inner(info.annotation)
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return _raw(inner, form, name + ".")
    match _widget(inner):
        case "tick":
            return name in form
        case "words":
            return [word for given in form.getlist(name) for word in _split(given, r"[,\n]")]
        case "lines":
            return [word for given in form.getlist(name) for word in _split(given, r"[\s,;]+")]
        case "number":
            return re.sub(r"[\s  ]", "", form.get(name, ""))
    return form.get(name, "").strip()


def _split(given: str, by: str) -> list[str]:
    return [word.strip() for word in re.split(by, given) if word.strip()]


def _inner(annotation: Any) -> Any:
    """Take the optional and the annotated off a type."""
    if get_origin(annotation) is Annotated:
        return _inner(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [arg for arg in get_args(annotation) if arg is not type(None)]
        return _inner(inner[0]) if len(inner) == 1 else annotation
    return annotation


def _widget(inner: Any) -> str:
    if inner is bool:
        return "tick"
    if inner in (int, float):
        return "number"
    if get_origin(inner) is Literal:
        return "choice"
    if get_origin(inner) in (tuple, list, set, frozenset):
        return "lines" if _inner(get_args(inner)[0]) is int else "words"
    return "text"


def _name(loc: tuple[int | str, ...]) -> str:
    """Name the field of an error; of a list, the list."""
    return ".".join(str(part) for part in loc if isinstance(part, str))


def _sentence(error: ErrorDetails) -> str:
    given = error.get("ctx", {})
    match error["type"]:
        case "missing" | "too_short":
            return _("Fill this in.")
        case "int_parsing" | "int_type" | "int_from_float":
            return _("“%(value)s” is not a whole number.", value=str(error["input"])[:40])
        case "greater_than" | "greater_than_equal":
            return (
                _("Too small: more than %(least)s.", least=given["gt"])
                if "gt" in given
                else _("Too small: at least %(least)s.", least=given["ge"])
            )
        case "less_than" | "less_than_equal":
            return _("Too large: at most %(most)s.", most=given.get("le", given.get("lt")))
        case "too_long":
            return _("Too many: at most %(most)s.", most=number(given["max_length"]))
        case "string_too_long":
            return _("Too long: at most %(most)s characters.", most=number(given["max_length"]))
    return str(error["msg"]).removeprefix("Value error, ")
