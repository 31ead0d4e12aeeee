"""What a row may hold, and how it is told what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from core.intake.row import MOST_DEPTH, MOST_TEXT, Row, reason_of

GOOD = {"external_id": "a-1", "full_name": "Ana"}


def reason(**columns: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        Row.model_validate(GOOD | columns)
    return reason_of(caught.value)


def deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"external_id": " "}, "external_id is empty"),
        ({"external_id": None}, "external_id must be a text"),
        ({"external_id": True}, "external_id must be a text"),
        ({"full_name": 7}, "full_name must be a text"),
        ({"full_name": "x" * 301}, "full_name is longer than 300 characters, which is the most"),
        ({"summary": "x" * (MOST_TEXT + 1)}, "summary is longer than 100,000 characters, which is the most"),
        ({"summary": ["x"]}, "summary must be a text"),
        ({"summary": "a\x00b"}, "summary holds a NUL character"),
        ({"headline": "a\ud800b"}, "headline holds half a character (a lone surrogate), or is not UTF-8"),
        ({"skills": "python"}, "skills must be a list"),
        ({"skills": ["python", 7]}, "skills.2 must be a text"),
        ({"skills": ["x"] * 501}, "skills has 501 items; at most 500"),
        ({"years_experience": "many"}, "years_experience must be a whole number"),
        ({"years_experience": 7.5}, "years_experience must be a whole number"),
        ({"years_experience": True}, "years_experience must be a whole number"),
        ({"years_experience": -1}, "years_experience must be at least 0"),
        ({"years_experience": 10**18}, "years_experience must be at most 100"),
        ({"opted_out": "yes"}, "opted_out must be true or false"),
        ({"experience": [{"title": "a\x00"}]}, "experience holds a NUL character"),
        ({"experience": [{"a\ud800": 1}]}, "experience holds half a character (a lone surrogate), or is not UTF-8"),
        ({"experience": [2**63]}, "experience holds a number that is too big"),
        ({"education": deep(MOST_DEPTH + 1)}, f"education nested deeper than {MOST_DEPTH}"),
        ({"education": ["x" * MOST_TEXT, "y"]}, "education has 100,001 characters; at most 100,000"),
    ],
)
def test_each_wrong_column_has_its_sentence(columns: dict[str, Any], words: str) -> None:
    assert reason(**columns) == words


def test_all_that_is_wrong_is_said_at_once_and_never_quoted() -> None:
    words = reason(full_name=7, summary="secret\x00", skills=["secret"] * 501)
    assert words.count(";") == 3  # one of them within "501 items; at most"
    assert "secret" not in words


def test_missing_columns_are_named() -> None:
    with pytest.raises(ValidationError) as caught:
        Row.model_validate({})
    assert reason_of(caught.value) == "external_id is missing; full_name is missing"


@pytest.mark.parametrize("experience", [None, "ten years", 7, {"title": "Cook"}, [], deep(MOST_DEPTH)])
def test_experience_of_any_shape_is_taken(experience: Any) -> None:
    assert Row.model_validate(GOOD | {"experience": experience}).experience == experience


def test_an_identifier_may_be_a_number_and_a_formula_is_a_text() -> None:
    row = Row.model_validate({"external_id": 17, "full_name": " =cmd()|' /C calc'!A0 "})
    assert (row.external_id, row.full_name) == ("17", "=cmd()|' /C calc'!A0")
