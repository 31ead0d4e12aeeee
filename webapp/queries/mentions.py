"""Whom some words may mean: one of our ids, the start of an external id, or of the words of a name."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement

from core.models import Candidate
from webapp.queries.named import named


def ways(words: str) -> list[ColumnElement[bool]]:
    """Give the conditions of which one lets through whom the words may mean: each has its index."""
    found: list[ColumnElement[bool]] = [Candidate.external_id.startswith(words, autoescape=True)]
    beginnings = " & ".join(f"'{word}':*" for word in re.findall(r"\w+", words))
    if beginnings:
        found.append(named(beginnings))
    if words.isascii() and words.isdigit() and len(words) < 19:
        found.append(Candidate.id == int(words))
    return found
