"""What the people are made of: `world.toml` and one file for each field of work in `fields/`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Work:
    """A field of work in one language; the strings have slots, which `fields/data_engineering.toml` explains."""

    field: str
    titles: list[str]
    focus: list[str]
    openings: list[str]
    sentences: list[str]
    tasks: list[str]
    skills: list[str]
    degrees: list[str]
    employers: list[str]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a family comes from; `market` is the language that its people write their CVs in."""

    market: str
    weight: int
    surnames: int
    languages: list[str]
    female: list[str]
    male: list[str]
    family: list[str]
    family_first: bool = False


@dataclass(frozen=True, slots=True)
class Market:
    """Places, invented companies and schools, other languages spoken, and how summaries end, in one language."""

    cities: list[str]
    companies: list[str]
    schools: list[str]
    colleges: list[str]  # for degrees that begin with one of `trades`
    trades: list[str]
    since: str
    also: list[str]
    closings: list[str]


@dataclass(frozen=True, slots=True)
class World:
    fields: list[dict[str, Work]]  # each by language
    origins: dict[str, list[Origin]]  # by language, each origin as often as it weighs
    markets: dict[str, Market]


@cache
def world() -> World:
    raw = _read("world.toml")
    origins: dict[str, list[Origin]] = {}
    for values in raw["origins"]:
        origin = Origin(**values)
        origins.setdefault(origin.market, []).extend([origin] * origin.weight)
    names = sorted(file.name for file in files(__package__).joinpath("fields").iterdir() if file.name.endswith(".toml"))
    return World(
        fields=[_field(name) for name in names],
        origins=origins,
        markets={language: Market(**values) for language, values in raw["markets"].items()},
    )


def _field(name: str) -> dict[str, Work]:
    field = name.removesuffix(".toml")
    return {language: Work(field, **values) for language, values in _read("fields", name).items()}


def _read(*path: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(*path).read_text("utf-8"))
