"""The names of people, looked through by their words."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, literal_column

from core.models import Candidate

_SIMPLE: ColumnElement[str] = literal_column("'simple'::regconfig")  # literally, so that the index matches


def named(query: str) -> ColumnElement[bool]:
    """Give the condition that a name's words meet this query, as PostgreSQL writes one: `'ana':* & 'lu':*`."""
    words = func.to_tsvector(_SIMPLE, Candidate.full_name)
    return words.bool_op("@@")(func.to_tsquery(_SIMPLE, query))
