"""Forty of the sample people made such that they cannot be indexed, for three reasons."""

from __future__ import annotations

import psycopg

REFUSED = "aÃ±os"  # decoded twice: the stand-in refuses a text with this in it
DEEP = "'" + "[" * 3000 + "]" * 3000 + "'::jsonb"
SPOIL = f"""
    WITH bad AS (
        SELECT id, row_number() OVER (ORDER BY md5(external_id)) AS n FROM candidates
        WHERE external_id LIKE 'sample-%' AND headline IS NOT NULL AND summary IS NOT NULL
    )
    UPDATE candidates c SET
        summary = CASE
            WHEN n > 34 THEN NULL WHEN n > 24 THEN summary
            ELSE 'Tiene 12 {REFUSED} de experiencia. ' || summary END,
        headline = CASE WHEN n > 34 THEN NULL ELSE headline END,
        skills = CASE WHEN n > 34 THEN NULL ELSE skills END,
        education = CASE WHEN n > 34 THEN NULL ELSE education END,
        experience = CASE WHEN n > 34 THEN '[1e400]'::jsonb WHEN n > 24 THEN {DEEP} ELSE experience END
    FROM bad WHERE bad.id = c.id AND n <= 40
"""


def spoil(database_url: str) -> None:
    """Spoil them: 24 texts that the provider refuses, 10 records that nobody can read, 6 without any text."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert connection.execute(SPOIL).rowcount == 40
