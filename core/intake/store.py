"""Rows into `candidates`, many in one statement; who is as the file says already is not touched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy.orm import Session

from core.db import cursor
from core.intake.row import COLUMNS

TYPES = {
    "skills": "text[]",
    "languages": "text[]",
    "experience": "jsonb",
    "education": "jsonb",
    "years_experience": "integer",
    "opted_out": "boolean",
}


class Stored(NamedTuple):
    """Somebody who was inserted or changed. `without_text`: kept, but there is nothing to search for."""

    external_id: str
    is_new: bool
    without_text: bool


def store(session: Session, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[Stored]:
    """Insert or update rows that give the same columns; return those that made a difference. Twice does no harm."""
    with cursor(session) as cur:
        cur.execute(_statement(tuple(columns)), [orjson.dumps(rows).decode()])
        return [Stored(*row) for row in cur]


@cache
def _statement(columns: tuple[str, ...]) -> str:
    """Build the statement; in the order of ids, so that two imports cannot wait for each other in a circle."""
    assert set(columns) <= set(COLUMNS)
    names = ", ".join(columns)
    typed = ", ".join(f"{name} {TYPES.get(name, 'text')}" for name in columns)
    own = [name for name in columns if name != "external_id"]
    changes = ", ".join(f"{name} = excluded.{name}" for name in own)
    differs = " OR ".join(f"candidates.{name} IS DISTINCT FROM excluded.{name}" for name in own)
    return (
        f"INSERT INTO candidates ({names}) SELECT {names} FROM jsonb_to_recordset(%s::jsonb) AS given({typed}) "  # noqa: S608  (our own names)
        f"ORDER BY external_id ON CONFLICT (external_id) DO UPDATE SET {changes} WHERE {differs} "
        "RETURNING external_id, xmax = 0, NOT candidate_has_text(headline, summary, skills, experience, education)"
    )


def remember_lines(session: Session, lines: dict[str, int]) -> dict[str, int]:
    """Note on which lines these people stand; return those who stood on an earlier line, with that line.

    They are kept in a temporary table, for a file may have more of them than the memory takes.
    """
    with cursor(session) as cur:
        cur.execute("CREATE TEMPORARY TABLE IF NOT EXISTS import_lines (external_id text PRIMARY KEY, line bigint)")
        cur.execute(
            "INSERT INTO import_lines SELECT * FROM unnest(%s::text[], %s::bigint[]) "
            "ON CONFLICT DO NOTHING RETURNING external_id",
            [list(lines), list(lines.values())],
        )
        known = list(lines.keys() - {row[0] for row in cur})
        if not known:
            return {}
        cur.execute("SELECT external_id, line FROM import_lines WHERE external_id = ANY(%s)", [known])
        return {row[0]: row[1] for row in cur}
