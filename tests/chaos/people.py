"""The candidates of one run, who come, go and change while they are indexed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import psycopg

MARKER = "UNSPEAKABLE"  # the stand-in refuses every text that has it
COMMON = 30  # texts that many people share
INSERT = "INSERT INTO candidates (external_id, full_name, headline, summary, location) VALUES (%s, %s, %s, %s, %s)"
SOME = "id IN (SELECT id FROM candidates WHERE id %% 997 = ANY(%s) LIMIT %s)"


class People:
    """Each act is one transaction; while the database is away nothing happens, and that is said."""

    def __init__(self, url: str, dice: random.Random) -> None:
        self._url = url
        self._dice = dice
        self._made = 0

    def insert(self, count: int) -> str:
        rows = [self._person() for _ in range(count)]
        return self._do(f"{count} people are added", lambda cursor: cursor.executemany(INSERT, rows))

    def act(self) -> str:
        """Do one of the things that recruiters and candidates do all day."""
        return self._dice.choice(
            [self._edit, self._edit, self._move, self._leave, self._return, self._remove, self._spoil, self._heal]
        )()

    def _edit(self) -> str:
        word = self._dice.random()
        return self._change("get another text", "summary = %s || id %% 40", [f"Edited {word} for the group "], 400)

    def _move(self) -> str:
        return self._change("move to another place", "location = %s", [f"Town {self._dice.randrange(50)}"], 200)

    def _leave(self) -> str:
        return self._change("opt out or are deleted", "opted_out = id %% 2 = 0, deleted_at = now()", [], 250)

    def _return(self) -> str:
        return self._change("return", "opted_out = false, deleted_at = NULL", [], 300)

    def _spoil(self) -> str:
        return self._change("get a text that Cohere refuses", "headline = %s || id", [f"{MARKER} "], 4)

    def _heal(self) -> str:
        return self._change("get a good headline", "headline = %s || id", ["Mended "], 200)

    def _remove(self) -> str:
        count = self._dice.randrange(20, 150)
        return self._do(
            f"up to {count} people are removed",
            lambda cursor: cursor.execute(f"DELETE FROM candidates WHERE {SOME}", [self._groups(), count]),
        )

    def _change(self, what: str, change: str, values: list[Any], most: int) -> str:
        sql = f"UPDATE candidates SET {change} WHERE {SOME}"
        return self._do(
            f"up to {most} people {what}", lambda cursor: cursor.execute(sql, [*values, self._groups(), most])
        )

    def _groups(self) -> list[int]:
        return self._dice.sample(range(997), 150)

    def _person(self) -> tuple[str, str, str, str, str]:
        self._made += 1
        n = self._made
        text = self._dice.randrange(COMMON) if self._dice.random() < 0.15 else f"her own, number {n}"
        headline = f"{MARKER} {n}" if self._dice.random() < 0.003 else f"Profession {text}"
        return f"chaos-{n}", f"Persona {n}", headline, f"A life of case {text}.", f"Town {n % 50}"

    def _do(self, what: str, act: Callable[[psycopg.Cursor[Any]], object]) -> str:
        try:
            with psycopg.connect(self._url, connect_timeout=2) as connection, connection.cursor() as cursor:
                act(cursor)
        except psycopg.Error as error:
            return f"{what}: not now ({type(error).__name__})"
        return what
