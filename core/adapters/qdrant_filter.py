"""A filter of records as Qdrant's filter."""

from __future__ import annotations

from typing import Any

from core.ports import RecordFilter


def conditions(where: RecordFilter) -> dict[str, Any] | None:
    """Write the filter as Qdrant's REST takes it; None when every record will do."""
    must: list[dict[str, Any]] = []
    for key, wanted in (("location", where.location), ("status", where.status)):
        if wanted:
            must.append(_any_case(key, wanted))
    must += [_any_case("skills", skill) for skill in where.skills]
    must += [_any_case("languages", language) for language in where.languages]
    if where.min_years is not None:
        must.append({"key": "years_experience", "range": {"gte": where.min_years}})
    return {"must": must} if must else None


def _any_case(key: str, wanted: str) -> dict[str, Any]:
    """Match a keyword in the usual spellings: the index compares exactly, people write `python` for `Python`."""
    text = wanted.strip()
    spellings = dict.fromkeys((text, text.lower(), text.upper(), text.title(), text.capitalize()))
    return {"key": key, "match": {"any": list(spellings)}}
