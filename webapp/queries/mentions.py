"""Whom some words may mean: one of our ids, the start of an external id, or of the words of a name."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, func, literal_column, or_, select, union_all
from sqlalchemy.orm import Session

from core.models import Candidate

# Up to so many people are found by the indexes and listed; more are met soon enough by walking the list itself.
FEW = 1000
_SIMPLE: ColumnElement[str] = literal_column("'simple'::regconfig")  # literally, so that the index matches


def mentioned(session: Session, words: str) -> ColumnElement[bool]:
    """Give the condition that lets through whom the words may mean.

    PostgreSQL cannot guess how common the start of a word is, and walks through a million people to find one. So
    the indexes are asked first whether they are few.
    """
    ways = _ways(words)
    found = union_all(*(select(Candidate.id).where(way) for way in ways)).cte("found").prefix_with("MATERIALIZED")
    ids = session.scalars(select(found.c.id).limit(FEW + 1)).all()
    return Candidate.id.in_(ids) if len(ids) <= FEW else or_(*ways)


def _ways(words: str) -> list[ColumnElement[bool]]:
    ways: list[ColumnElement[bool]] = [Candidate.external_id.startswith(words, autoescape=True)]
    beginnings = " & ".join(f"'{word}':*" for word in re.findall(r"\w+", words))
    if beginnings:
        name = func.to_tsvector(_SIMPLE, Candidate.full_name)
        ways.append(name.bool_op("@@")(func.to_tsquery(_SIMPLE, beginnings)))
    if words.isascii() and words.isdigit() and len(words) < 19:
        ways.append(Candidate.id == int(words))
    return ways
