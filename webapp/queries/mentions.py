"""Whom some words may mean: one of our ids, the start of an external id, or of the words of a name."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, func, literal_column

from core.models import Candidate

_SIMPLE: ColumnElement[str] = literal_column("'simple'::regconfig")  # literally, so that the index matches


def ways(words: str) -> list[ColumnElement[bool]]:
    """Give the conditions of which one lets through whom the words may mean: each has its index."""
    found: list[ColumnElement[bool]] = [Candidate.external_id.startswith(words, autoescape=True)]
    beginnings = " & ".join(f"'{word}':*" for word in re.findall(r"\w+", words))
    if beginnings:
        name = func.to_tsvector(_SIMPLE, Candidate.full_name)
        found.append(name.bool_op("@@")(func.to_tsquery(_SIMPLE, beginnings)))
    if words.isascii() and words.isdigit() and len(words) < 19:
        found.append(Candidate.id == int(words))
    return found
