"""A candidate as a file may give them, and the sentences that say what is wrong with one."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

REQUIRED = ("external_id", "full_name")
MOST_TEXT = 100_000  # characters of a summary, of all experience, of all education
MOST_DEPTH = 30
MOST_INTEGER = 2**63 - 1


def _storable(text: str) -> str:
    """Refuse what PostgreSQL cannot keep. Anything else stays as it is, formulas of spreadsheets too."""
    if "\x00" in text:
        raise ValueError("holds a NUL character")
    return text


def _any_shape(value: Any) -> Any:
    """Hold a JSON value of any shape to what can be stored and embedded."""
    texts: list[str] = []
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise ValueError(f"nested deeper than {MOST_DEPTH}")
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, dict):
            texts += item
            waiting += [(inner, depth + 1) for inner in item.values()]
        elif isinstance(item, list):
            waiting += [(inner, depth + 1) for inner in item]
        elif isinstance(item, int) and abs(item) > MOST_INTEGER:
            raise ValueError("holds a number that is too big")
    _check_whole("".join(texts))
    return value


def _check_whole(text: str) -> None:
    if len(text) > MOST_TEXT:
        raise ValueError(f"has {len(text):,} characters; at most {MOST_TEXT:,}")
    _storable(text)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(SENTENCES["string_unicode"]) from None


def _as_text(value: Any) -> Any:
    """Take a number for an identifier: many systems count their people."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(_storable)]
Word = Annotated[str, StringConstraints(max_length=300), AfterValidator(_storable)]
Text = Annotated[str, StringConstraints(max_length=MOST_TEXT), AfterValidator(_storable)]
Anything = Annotated[Any, AfterValidator(_any_shape)]
Headline = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_storable)]
Skills = Annotated[list[Word], Field(max_length=500)]


class Row(BaseModel):
    """The columns that an import may set. Those that a file does not give are left as they are."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    external_id: Annotated[Name, BeforeValidator(_as_text)]
    full_name: Name
    headline: Headline | None = None
    summary: Text | None = None
    skills: Skills | None = None
    experience: Anything = None
    education: Anything = None
    years_experience: Annotated[int, Field(ge=0, le=100)] | None = None
    location: Word | None = None
    languages: Annotated[list[Word], Field(max_length=100)] | None = None
    status: Annotated[Word, StringConstraints(max_length=100)] | None = None
    opted_out: bool | None = None


COLUMNS = tuple(Row.model_fields)

SENTENCES = {
    "missing": "is missing",
    "string_type": "must be a text",
    "string_too_short": "is empty",
    "string_unicode": "holds half a character (a lone surrogate), or is not UTF-8",
    "list_type": "must be a list",
    "int_type": "must be a whole number",
    "int_parsing_size": "is too big",
    "bool_type": "must be true or false",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "is longer than {max_length:,} characters, which is the most",
    "too_long": "has {actual_length:,} items; at most {max_length:,}",
}


def reason_of(error: ValidationError) -> str:
    """Say what is wrong with a row, field by field, without quoting it."""
    return "; ".join(dict.fromkeys(_sentence(item) for item in error.errors(include_url=False, include_input=False)))


def _sentence(item: ErrorDetails) -> str:
    place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in item["loc"])
    message = SENTENCES.get(item["type"], item["msg"].removeprefix("Value error, "))
    return f"{place} {message.format_map(item.get('ctx', {}))}"
