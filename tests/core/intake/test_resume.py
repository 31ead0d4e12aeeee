"""JSON Resume as our columns."""

from __future__ import annotations

import pytest
import time_machine

from core.intake.resume import columns_of, is_resume

RESUME = {
    "basics": {
        "name": "Ana Ruiz",
        "label": "Data engineer",
        "email": "ana@example.org",
        "summary": "Builds pipelines.",
        "location": {"city": "Bilbao", "countryCode": "ES"},
    },
    "work": [
        {"name": "Acme", "position": "Engineer", "startDate": "2018-04-01", "summary": "Loads.", "highlights": ["A"]},
        {"company": "Zeta", "position": "Intern", "startDate": "2015", "endDate": "2018-03"},
    ],
    "education": [{"institution": "UPV", "studyType": "BSc", "area": "Physics", "endDate": "2015"}],
    "skills": [{"name": "Data", "keywords": ["SQL", "Spark"]}, {"name": "SQL"}, {"level": "Master"}],
    "languages": [{"language": "Spanish", "fluency": "Native"}],
    "projects": [{"name": "kept elsewhere"}],
}


@time_machine.travel("2026-11-21", tick=False)
def test_a_resume_fills_our_columns() -> None:
    assert is_resume(RESUME)
    assert columns_of(RESUME) == {
        "external_id": "ana@example.org",
        "full_name": "Ana Ruiz",
        "headline": "Data engineer",
        "summary": "Builds pipelines.",
        "skills": ["Data", "SQL", "Spark"],
        "experience": [
            {
                "title": "Engineer",
                "company": "Acme",
                "period": "2018-04-01-",
                "description": "Loads.",
                "highlights": ["A"],
            },
            {"title": "Intern", "company": "Zeta", "period": "2015-2018-03"},
        ],
        "education": [{"title": "BSc Physics", "school": "UPV", "period": "-2015"}],
        "years_experience": 11,
        "location": "Bilbao",
        "languages": ["Spanish"],
    }


def test_what_names_a_person_is_the_most_lasting_thing_there_is() -> None:
    basics = {"name": "Ana", "email": "ana@example.org", "url": "https://ana.example.org"}
    assert columns_of({"basics": basics})["external_id"] == "ana@example.org"
    assert columns_of({"basics": basics, "meta": {"canonical": "https://x/ana.json"}})["external_id"].endswith("json")
    assert columns_of({"basics": basics, "id": "a-1", "meta": "?"})["external_id"] == "a-1"
    with pytest.raises(ValueError, match="nothing names this person"):
        columns_of({"basics": {"name": "Ana"}})


def test_a_resume_of_strange_types_breaks_nothing() -> None:
    strange = {"basics": {"email": "x", "location": "Lugo"}, "work": "much", "skills": [1, {"keywords": "sql"}]}
    columns = columns_of(strange | {"education": [None, {"area": 5}], "languages": {"language": "es"}})
    assert columns["location"] == "Lugo"
    assert columns["experience"] == []
    assert columns["education"] == [{"title": "5"}]
    assert "years_experience" not in columns


def test_an_ordinary_object_is_no_resume() -> None:
    assert not is_resume({"basics": "x"})
    assert not is_resume({"external_id": "1"})
