"""Make people, one after another; the same on every machine, whatever their number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from core.samples.dice import Dice
from core.samples.world import Market, Origin, Work, world

LANGUAGES = ("en", "es")
THIS_YEAR = 2026
STATUSES = ("active",) * 7 + ("interviewing", "placed", "paused")

_SLOT = re.compile(r"\{([^}]*)\}")
_GENDER = re.compile(r"\(([^()/]*)/([^()/]*)\)")


def people(count: int) -> Iterator[dict[str, Any]]:
    """Yield the columns of `count` candidates: the fields of work in turn, the languages in turn within each."""
    fields = world().fields
    for n in range(count):
        language = LANGUAGES[n // len(fields) % len(LANGUAGES)]
        yield _Person(n, fields[n % len(fields)][language], language).columns()


class _Person:
    """One CV in the making: the throws, and the words that fill the slots."""

    def __init__(self, n: int, work: Work, language: str) -> None:
        self.n = n
        self.work = work
        self.language = language
        self.dice = Dice(f"vigia/{n}")
        self.market: Market = world().markets[language]
        self.origin: Origin = self.dice.one_of(world().origins[language])
        self.female = self.dice.happens(0.5)
        self.years = self.dice.number(2, 27)
        self.city = self.dice.one_of(self.market.cities)
        self.skills = self.dice.some_of(work.skills, self.dice.number(5, 8))
        self.titles = [self.fill(title) for title in self.dice.some_of(work.titles, 4)]  # the latest first

    def columns(self) -> dict[str, Any]:
        return {
            "external_id": f"sample-{self.n + 1:06}",
            "full_name": self.name(),
            "headline": self.headline(),
            "summary": self.summary(),
            "skills": self.skills,
            "experience": self.experience(),
            "education": self.education(),
            "years_experience": self.years,
            "location": self.city,
            "languages": self.languages(),
            "status": self.dice.one_of(STATUSES),
        }

    def name(self) -> str:
        given = self.dice.one_of(self.origin.female if self.female else self.origin.male)
        family = self.dice.some_of(self.origin.family, self.origin.surnames)
        return " ".join([*family, given] if self.origin.family_first else [given, *family])

    def headline(self) -> str:
        title, focus = self.titles[0], self.dice.one_of(self.work.focus)
        odd = " 🚀✨" if self.n % 500 == 123 else ""
        return self.dice.one_of((f"{title}, {focus}", f"{title} | {focus}", f"{title} - {focus}, {self.city}")) + odd

    def summary(self) -> str:
        body = self.dice.some_of(self.work.sentences, self.dice.number(5, 6))
        if self.n % 500 == 321:  # somebody always sends everything they ever did
            body = self.work.sentences + self.work.tasks * 12
        sentences = [self.dice.one_of(self.work.openings), *body, self.dice.one_of(self.market.closings)]
        return " ".join(map(self.fill, sentences))

    def experience(self) -> list[dict[str, str]]:
        """Split the years into two to four posts, the latest first."""
        posts = min(self.dice.number(2, 4), self.years)
        changes = sorted(self.dice.some_of(range(1, self.years), posts - 1))
        tasks = self.dice.some_of(self.work.tasks, len(self.work.tasks))
        return [
            self._post(title, start, end, [tasks.pop() for _ in range(self.dice.number(1, 2))])
            for title, start, end in zip(self.titles, [*changes, self.years], [0, *changes], strict=False)
        ]

    def _post(self, title: str, start: int, end: int, tasks: list[str]) -> dict[str, str]:
        """Describe a post held from `start` to `end` years ago."""
        return {
            "title": title,
            "city": self.city if self.dice.happens(0.6) else self.dice.one_of(self.market.cities),
            "period": f"{THIS_YEAR - start}-{THIS_YEAR - end}" if end else f"{self.market.since} {THIS_YEAR - start}",
            "company": self.fill(self.dice.one_of(self.work.employers)),
            "description": " ".join(map(self.fill, tasks)),
        }

    def education(self) -> list[dict[str, str]]:
        """List one or two degrees, the latest first."""
        degrees = self.dice.some_of(self.work.degrees, self.dice.number(1, 2))
        return [
            {"title": degree, "school": self._school(degree), "year": str(THIS_YEAR - self.years - 2 * i)}
            for i, degree in enumerate(degrees)
        ]

    def _school(self, degree: str) -> str:
        trade = degree.startswith(tuple(self.market.trades))
        return self.dice.one_of(self.market.colleges if trade else self.market.schools)

    def languages(self) -> list[str]:
        spoken = [self.language, *self.origin.languages]
        if self.dice.happens(0.8):
            spoken += self.dice.some_of(self.market.also, self.dice.number(1, 2))
        return list(dict.fromkeys(spoken))

    def fill(self, template: str) -> str:
        """Fill the slots of a template."""
        text = _SLOT.sub(lambda slot: self._slot(slot[1]), template)
        return _GENDER.sub(lambda ends: ends[2 if self.female else 1], text)

    def _slot(self, slot: str) -> str:
        if slot == "years":
            return str(self.years)
        if slot == "city":
            return self.city
        if slot in ("name", "name2", "company"):
            return self.dice.one_of(self.market.companies)
        if "|" in slot:
            return self.dice.one_of(slot.split("|"))
        least, most = slot.split("-")
        return str(self.dice.number(int(least), int(most)))
