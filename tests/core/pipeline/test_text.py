"""The text of a candidate, and the passage that a search result shows."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.types.json import Jsonb

from core.candidates import CandidateRow
from core.pipeline.text import LETTER_OR_DIGIT, MOST_CHARACTERS, PASSAGE_CHARACTERS, clean, passage_of, text_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.fixture
def connection(database: str) -> Iterator[Connection[Any]]:
    with psycopg.connect(database) as opened:
        yield opened


def row(**columns: Any) -> CandidateRow:
    empty = dict.fromkeys(("headline", "summary", "skills", "experience", "education", "years_experience"))
    rest = {"location": "Lugo", "languages": ["es"], "status": "active", "eligible": True}
    known = {"id": 1, "external_id": "x-1", "full_name": "Ana Ruiz", "updated_at": datetime(2026, 11, 21, tzinfo=UTC)}
    return CandidateRow(**(known | empty | rest | columns))


def strings_and_numbers(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [found for item in value.values() for found in strings_and_numbers(item)]
    if isinstance(value, list):
        return [found for item in value for found in strings_and_numbers(item)]
    return [] if value is None or isinstance(value, bool) else [str(value)]


def test_a_text_has_headline_summary_skills_experience_and_education_one_thing_a_line() -> None:
    person = row(
        headline="Data engineer",
        summary="Builds pipelines.\nLikes SQL.",
        skills=["python", "spark"],
        experience=[
            {"to": "2024", "from": "2020", "title": "Engineer", "company": "Acme"},
            {"title": "Intern", "company": "Zeta", "years": 2},
        ],
        education=[{"year": 2019, "degree": "BSc", "title": "Physics"}],
    )
    assert text_of(person).text.split("\n") == [
        "Data engineer",
        "Builds pipelines.",
        "Likes SQL.",
        "python, spark",
        "Engineer, 2024, 2020, Acme",
        "Intern, Zeta, 2",
        "Physics, 2019, BSc",
    ]


def test_what_is_payload_only_is_not_in_the_text() -> None:
    text = text_of(row(headline="Nurse", location="Lugo", languages=["es"], years_experience=77)).text
    assert text == "Nurse"


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("a plain string", "a plain string"),
        (7, "7"),
        (2.5, "2.5"),
        ({"title": "Cook", "at": {"place": "Bar"}}, "Cook, Bar"),
        (["one", ["two", {"x": 3}]], "one\ntwo, 3"),
        ([None, True, "", {}, [], "end"], "end"),
        ({"title": "", "company": "Acme"}, "Acme"),
    ],
)
def test_other_shapes_of_experience_are_tolerated(shape: Any, expected: str) -> None:
    assert text_of(row(experience=shape)).text == expected


@pytest.mark.parametrize(
    "skills", [[["a", "b"], ["c", "d"]], ["a", None, "b", "", "c", "d"], [[["a", "b"], ["c", "d"]]]]
)
def test_skills_of_any_shape_are_one_line(skills: Any) -> None:
    assert text_of(row(skills=skills)).text == "a, b, c, d"


def test_a_very_deep_value_is_read_to_its_bottom() -> None:
    deep: Any = "bottom"
    for _ in range(100_000):
        deep = [deep]
    assert text_of(row(experience=deep)).text == "bottom"


@pytest.mark.parametrize("nothing", [None, "", "   ", "\x00", "…!?", "🙂", "\u200b"])
def test_a_person_without_a_letter_or_digit_has_no_text(nothing: str | None) -> None:
    person = row(headline=nothing, summary=nothing, skills=[nothing, nothing], experience=[{"title": nothing}])
    assert text_of(person).text == ""


@pytest.mark.parametrize("something", ["a", "ñ", "7", "語", "ب", "!a"])
def test_one_letter_or_digit_anywhere_makes_a_text(something: str) -> None:
    for column in ("headline", "summary"):
        assert text_of(row(**{column: something})).text == something
    assert text_of(row(skills=[something])).text == something
    assert text_of(row(education=[[{"x": something}]])).text == something


@given(st.none() | st.text(), st.none() | st.lists(st.text()), JSON)
def test_the_text_is_empty_exactly_when_no_column_has_a_letter_or_digit(
    summary: str | None, skills: list[str] | None, experience: Any
) -> None:
    known = strings_and_numbers([summary, skills, experience])
    text = text_of(row(summary=summary, skills=skills, experience=experience)).text
    assert bool(text) == bool(re.search(f"[{LETTER_OR_DIGIT}]", "".join(known)))


def test_every_letter_and_digit_of_unicode_counts_and_cleaning_keeps_it() -> None:
    counts = re.compile(f"[{LETTER_OR_DIGIT}]")
    for character in map(chr, range(0x110000)):
        if counts.match(character):
            assert clean(character)
        else:
            assert not character.isalnum()


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_postgresql_says_who_has_a_text_exactly_as_we_do(connection: Connection[Any], data: st.DataObject) -> None:
    storable = st.characters(exclude_categories=("Cs",), exclude_characters="\x00")
    # Mostly signs around the borders of what counts, for any letter would decide at once.
    texts = st.none() | st.text(st.sampled_from("!…🙂 ,\u200b\u3002ª²·×÷ʰ٣\u061c𝒜𠀀🄁\ufeff") | storable, max_size=3)
    values = st.recursive(texts | st.none() | st.booleans(), lambda inner: st.lists(inner, max_size=3), max_leaves=4)
    headline, summary = data.draw(texts), data.draw(texts)
    skills = data.draw(st.none() | st.lists(texts, max_size=3))
    experience, education = data.draw(values | st.just(0)), data.draw(values.map(lambda value: {"a": {"b": value}}))
    answer = connection.execute(
        "SELECT candidate_has_text(%s, %s, %s::text[], %s, %s)",
        (headline, summary, skills, Jsonb(experience), Jsonb(education)),
    ).fetchone()
    person = row(headline=headline, summary=summary, skills=skills, experience=experience, education=education)
    assert answer == (bool(text_of(person).text),)


@given(JSON)
def test_no_string_or_number_is_lost(experience: Any) -> None:
    text = text_of(row(experience=experience, headline="h")).text
    assert all(clean(line) in text for piece in strings_and_numbers(experience) for line in clean(piece).split("\n"))


def test_a_long_text_is_cut_at_a_word_and_says_so() -> None:
    cut = text_of(row(summary="palabra " * 10_000))
    assert cut.truncated
    assert MOST_CHARACTERS - 100 < len(cut.text) <= MOST_CHARACTERS
    assert cut.text.endswith("palabra")
    whole = text_of(row(summary="x" * MOST_CHARACTERS))
    assert not whole.truncated
    assert len(whole.text) == MOST_CHARACTERS


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("a\x00b\x1bc\x7fd\x9be", "abcde"),
        (json.loads('"a\\ud800b"'), "ab"),
        ("cafe\u0301", "café"),
        ("caf\u00e9 \u2013  bar", "café \u2013 bar"),
        (" a \t b\u00a0 \u3000c ", "a b c"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("one\n\n\n\n\ntwo", "one\n\ntwo"),
        ("one  \n  two", "one\ntwo"),
        ("safe\u202egpj.exe\u200b\ufeff", "safegpj.exe"),
        ("👩\u200d⚕️", "👩\u200d⚕️"),
    ],
)
def test_cleaning_removes_what_no_reader_sees(dirty: str, cleaned: str) -> None:
    assert clean(dirty) == cleaned


@given(st.text(st.characters(exclude_categories=())))
def test_cleaning_twice_changes_nothing_more_and_the_result_can_be_stored(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\x00" not in once
    once.encode()


def test_a_passage_is_the_stretch_that_answers_the_question() -> None:
    filler = "Plays chess on Sundays and reads about the sea. " * 20
    text = f"Ana\n{filler}\nTrabajó de enfermera en cuidados intensivos.\n{filler}"
    assert "cuidados intensivos" in passage_of(text, "enfermería de cuidado intensivo")


def test_a_passage_starts_at_the_top_when_nothing_answers() -> None:
    text = "The top. " + "Something else here. " * 30
    assert passage_of(text, "zzzz").startswith("The top.")


@given(st.text(), st.text())
def test_a_passage_is_short_and_on_one_line(text: str, question: str) -> None:
    passage = passage_of(clean(text), clean(question))
    assert len(passage) <= PASSAGE_CHARACTERS
    assert "\n" not in passage
