"""Tables as full as after years: a million candidates, 200,000 jobs, and all that hangs on them."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core import coverage
from core.ports import Collection

TABLES = Path(__file__).with_name("tables.sql")
COLLECTION = Collection("bench_2", "embed-v4.0", 1024)
ALIAS = "candidates"


def fill(database_url: str, candidates: int, jobs: int) -> None:
    """Fill empty tables, statement by statement, saying what takes long; leave full ones as they are."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM candidates LIMIT 1").fetchone():
            return
        for name, value in (("bench.candidates", candidates), ("bench.jobs", jobs), ("synchronous_commit", "off")):
            connection.execute("SELECT set_config(%s, %s, false)", (name, str(value)))
        for statement in _statements(jobs):
            began = time.monotonic()
            connection.execute(statement.encode())
            took = time.monotonic() - began
            if took > 1:
                words = " ".join(line for line in statement.split("\n") if not line.startswith("--"))
                print(f"{took:6.1f} s  {words.strip()[:60]}", flush=True)


def _statements(jobs: int) -> list[str]:
    """Give the statements that fill; without jobs, only those of the candidates, which come first."""
    every = TABLES.read_text().split(";\n")
    people = next(n for n, statement in enumerate(every) if "INSERT INTO candidates" in statement)
    return every if jobs else [*every[: people + 1], "VACUUM ANALYZE candidates"]


def compare(engine: Engine, times: int) -> list[float]:
    """Take the coverage some times, as the ticker does; give how many milliseconds each took."""
    took: list[float] = []
    for _ in range(times):
        with Session(engine) as session:
            began = time.perf_counter()
            coverage.check(session, ALIAS, COLLECTION, None)
            took.append((time.perf_counter() - began) * 1000)
    return took
