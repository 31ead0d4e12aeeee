"""The sample people: the same everywhere, all different, and worth indexing."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from core.samples import people
from core.samples.dice import Dice
from core.samples.world import world

MANY = 2000


@pytest.fixture(scope="module")
def crowd() -> list[dict[str, Any]]:
    return list(people(MANY))


def text(person: dict[str, Any]) -> str:
    return json.dumps([person[column] for column in ("headline", "summary", "skills", "experience", "education")])


def test_the_people_are_the_same_on_every_machine() -> None:
    # Who edits the texts on purpose writes the new digest here.
    digest = hashlib.sha256(json.dumps(list(people(200))).encode()).hexdigest()
    assert digest == "6ea3b866c369c5659bd320ffc52c35127d26435663ca02f9a1b7cca06d8b7b22"


def test_a_person_does_not_depend_on_how_many_are_asked_for(crowd: list[dict[str, Any]]) -> None:
    assert list(people(50)) == crowd[:50]
    assert list(people(0)) == []


def test_no_two_have_the_same_text_or_the_same_external_id(crowd: list[dict[str, Any]]) -> None:
    assert len({text(person) for person in crowd}) == MANY
    assert len({person["external_id"] for person in crowd}) == MANY


def test_there_are_twenty_fields_of_work_and_half_of_each_in_spanish(crowd: list[dict[str, Any]]) -> None:
    assert len(world().fields) == 20
    first_language = Counter((n % 20, person["languages"][0]) for n, person in enumerate(crowd))
    assert set(first_language.values()) == {50}
    assert {language for _, language in first_language} == {"en", "es"}


def test_every_slot_of_every_template_is_filled(crowd: list[dict[str, Any]]) -> None:
    for person in crowd:
        pieces = [person["headline"], person["summary"], *person["skills"]]
        pieces += [piece for entry in person["experience"] + person["education"] for piece in entry.values()]
        assert not [piece for piece in pieces if re.search(r"[{}]|\w\|\w|\(\w*/\w*\)|\d-\d(?!\d{3})", piece)]


def test_a_summary_reads_like_a_paragraph(crowd: list[dict[str, Any]]) -> None:
    words = sorted(len(person["summary"].split()) for person in crowd)
    assert words[0] >= 50
    assert words[len(words) * 99 // 100] <= 160
    assert words[-1] > 400  # somebody always sends everything they ever did


def test_posts_follow_each_other_and_fill_the_years(crowd: list[dict[str, Any]]) -> None:
    for person in crowd:
        years = [[int(year) for year in re.findall(r"\d{4}", post["period"])] for post in person["experience"]]
        assert 2 <= len(years) <= 4
        assert all(later[0] == earlier[1] for later, earlier in pairwise(years))
        assert 2026 - years[-1][0] == person["years_experience"]


def test_the_dice_throw_every_number_and_no_other() -> None:
    dice = Dice("test")
    assert {dice.number(3, 6) for _ in range(200)} == {3, 4, 5, 6}
    assert sorted(dice.some_of("abc", 5)) == ["a", "b", "c"]
    assert [Dice("x").number(0, 10**9) for _ in range(2)] == [Dice("x").number(0, 10**9)] * 2
