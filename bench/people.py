"""Candidates for a benchmark: as many as asked, always the same, each of about 220 tokens."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import orjson
import psycopg

WORDS = """
designed built led moved measured improved maintained tested documented migrated pipelines services clinics wards
bridges contracts classrooms warehouses kitchens budgets teams patients students customers suppliers auditors
with under for against during data quality safety cost delivery planning care training reporting procurement
analytics logistics nursing teaching accounting welding cooking drafting negotiation scheduling support research
"""
VOCABULARY = WORDS.split()
PLACES = ("Madrid", "Lima", "Bogotá", "Lisbon", "Berlin", "Santiago", "Quito", "Leeds")
COLUMNS = (
    "external_id, full_name, headline, summary, skills, experience, education, years_experience, location, languages"
)


def load(database_url: str, count: int) -> None:
    """Put `count` candidates into an empty table."""
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        with cursor.copy(f"COPY candidates ({COLUMNS}) FROM STDIN") as copy:
            for row in rows(count):
                copy.write_row(row)
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE candidates")


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Give candidates number 1 to `count`, their columns in the order of COLUMNS."""
    for number in range(1, count + 1):
        yield _row(number, random.Random(number))


def _row(number: int, dice: random.Random) -> tuple[Any, ...]:
    jobs = [
        {"title": _say(dice, 3), "company": _say(dice, 2), "start": str(2008 + 4 * n), "summary": _say(dice, 34)}
        for n in range(3)
    ]
    schools = [{"degree": _say(dice, 3), "school": _say(dice, 3), "end": "2008"}]
    return (
        f"bench-{number}",
        f"Person Number {number}",
        f"{_say(dice, 6)} {number}",
        _say(dice, 48),
        [_say(dice, 1) for _ in range(8)],
        orjson.dumps(jobs).decode(),
        orjson.dumps(schools).decode(),
        dice.randrange(1, 40),
        dice.choice(PLACES),
        ["en", "es"][: dice.randrange(1, 3)],
    )


def _say(dice: random.Random, count: int) -> str:
    return " ".join(dice.choices(VOCABULARY, k=count))
