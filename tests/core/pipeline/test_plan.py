"""What must be done for one candidate, whatever its row holds."""

from __future__ import annotations

from typing import Any

import pytest

from core.candidates import CandidateRow
from core.db import UNREADABLE
from core.pipeline.plan import Delete, Plan, Unfit, Write, facts_of, plan
from tests.core.pipeline.test_text import row


def planned(person: CandidateRow) -> Plan:
    return plan(person.id, person, None, model="fake", dimension=8, force=False)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (None, []),
        ([], []),
        (["a", None, "b"], ["a", "b"]),
        ([["a", "b"], ["c", None]], ["a", "b", "c"]),
        ([[["a"], [None]]], ["a"]),
    ],
)
def test_what_a_search_filters_by_is_flat_whatever_the_shape_of_the_array(array: Any, words: list[str]) -> None:
    facts = facts_of(row(skills=array, languages=array))
    assert (facts["skills"], facts["languages"]) == (words, words)


@pytest.mark.parametrize("column", ["experience", "education"])
def test_json_that_cannot_be_read_makes_its_record_unfit(column: str) -> None:
    person = row(headline="Nurse", **{column: UNREADABLE})
    todo = planned(person)
    assert isinstance(todo, Unfit)
    assert (todo.cause, todo.version) == ("record_unreadable", person.updated_at)


def test_whatever_goes_wrong_in_planning_makes_its_record_unfit_and_tells_none_of_its_text() -> None:
    todo = planned(row(headline="Nurse", location=object()))
    assert isinstance(todo, Unfit)
    assert todo.cause == "record_unreadable"
    assert "Nurse" not in todo.reason


def test_a_profile_of_signs_alone_is_unfit_for_want_of_text() -> None:
    todo = planned(row(headline="\u2026!"))
    assert isinstance(todo, Unfit)
    assert todo.cause == "text_empty"


def test_json_that_cannot_be_read_is_of_no_matter_to_who_leaves() -> None:
    assert not isinstance(planned(row(experience=UNREADABLE, eligible=False)), (Unfit, Write))


def test_who_is_not_eligible_leaves_the_index_even_when_no_point_is_known() -> None:
    assert planned(row(id=7, headline="Nurse", eligible=False)) == Delete(7, known=False)
