"""Coverage, candidates and the search, for scripts."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from sqlalchemy.orm import Session

from core.coverage import check
from core.pipeline.plan import point_id
from core.ports import Collection, RecordFilter
from core.search import Found, SearchAnswer
from tests.webapp.api.conftest import Script
from tests.webapp.factories import make_candidate, make_failure, make_job, make_place

FIELDS = (
    "eligible",
    "indexed",
    "missing",
    "stale",
    "other_model",
    "failed",
    "orphaned",
    "points",
    "collection",
    "model",
    "checked_at",
)


def checked(session: Session) -> None:
    """Compare as the ticker does, with one point in `c1`."""
    check(session, "candidates", Collection("c1", "local", 512), 1)


def test_coverage_is_unknown_before_the_first_check(reader: Script) -> None:
    assert reader.get("/coverage").json == dict.fromkeys(FIELDS)


def test_coverage_adds_up(reader: Script, session: Session) -> None:
    make_place(session, make_candidate(session))
    make_candidate(session)
    make_candidate(session, opted_out=True)
    checked(session)
    answer: Any = reader.get("/coverage").json
    assert answer.pop("checked_at").endswith("Z")
    assert answer == {
        "eligible": 2, "indexed": 1, "missing": 1, "stale": 0, "other_model": 0, "failed": 0, "orphaned": 0,
        "points": 1, "collection": "c1", "model": "local",
    }  # fmt: skip


def test_candidates_are_listed_with_their_place(reader: Script, session: Session) -> None:
    indexed, missing = make_candidate(session), make_candidate(session)
    make_place(session, indexed)
    checked(session)
    answer: Any = reader.get("/candidates").json
    assert [(item["id"], item["state"]) for item in answer["items"]] == [
        (missing.id, "missing"),
        (indexed.id, "indexed"),
    ]
    assert reader.get("/candidates?state=missing").json["total"] == 1  # type: ignore[index]


def test_candidates_are_found_by_name_and_by_filter(reader: Script, session: Session) -> None:
    make_candidate(session, full_name="Íñigo Etxebarria", location="Bilbao", languages=["eu", "es"])
    make_candidate(session, full_name="Ana", location="Bilbao")
    session.commit()
    assert reader.get("/candidates?q=" + quote("etxe")).json["items"][0]["full_name"] == "Íñigo Etxebarria"  # type: ignore[index]
    where = quote(json.dumps({"location": "Bilbao", "languages": ["eu"]}))
    assert reader.get(f"/candidates?filter={where}").json["total"] == 1  # type: ignore[index]


def test_a_candidate_tells_its_index_history_and_not_its_text(reader: Script, session: Session) -> None:
    candidate, job = make_candidate(session, summary="A secret summary.", skills=["sql"]), make_job(session)
    make_place(session, candidate, job_id=job.id)
    make_failure(session, job, candidate.id, status="resolved")
    checked(session)
    response = reader.get(f"/candidates/{candidate.id}")
    answer: Any = response.json
    assert answer["state"] == "indexed"
    assert answer["point_id"] == str(point_id(candidate.id))
    assert (answer["answer"], answer["point"]) == ("unseen", None)
    assert "the collection is not there" in answer["point_error"]
    assert answer["text"]["characters"] == len("A secret summary.\nsql")
    assert (answer["nearest"], answer["under_way"], answer["by_headline"]) == ([], None, None)
    assert answer["places"][0]["collection"] == "c1"
    assert answer["failures"][0]["cause"] == "text_refused"
    assert {line["what"] for line in answer["history"]} == {"created", "indexed", "failed"}
    assert "secret" not in response.get_data(as_text=True)


def test_hostile_names_are_only_text(reader: Script, session: Session) -> None:
    candidate = make_candidate(session, full_name="<script>{{7*7}}=cmd()", experience="not a list", education=[[{}], 7])
    session.commit()
    answer: Any = reader.get(f"/candidates/{candidate.id}").json
    assert answer["full_name"] == "<script>{{7*7}}=cmd()"


@pytest.mark.parametrize(
    ("words", "flat"),
    [
        ([None, "Welding", ""], ["Welding", ""]),
        ([None], []),
        ([["a", "b"], ["c", None]], ["a", "b", "c"]),
        ([[["a"]]], ["a"]),
        ([], []),
        (None, None),
    ],
)
def test_lists_of_words_are_told_flat_and_without_nulls(
    reader: Script, session: Session, words: Any, flat: list[str] | None
) -> None:
    candidate = make_candidate(session, skills=words, languages=words)
    session.commit()
    answer: Any = reader.get(f"/candidates/{candidate.id}").json
    assert (answer["skills"], answer["languages"]) == (flat, flat)
    assert reader.get("/candidates").status_code == 200


def test_a_search_passes_its_question_on_and_names_whom_it_found(reader: Script) -> None:
    hit = Found(id=7, external_id="ATS-7", full_name="Íñigo", headline=None, score=0.5, passage="Nurse")
    with patch("webapp.api.v1.searches.search", return_value=SearchAnswer((hit,), "local", 12.5)) as search:
        answer: Any = reader.get(
            "/search?q=" + quote("enfermera UCI") + "&limit=3&filter=" + quote('{"min_years": 2}')
        ).json
    search.assert_called_once_with("enfermera UCI", limit=3, where=RecordFilter(min_years=2))
    found = {"id": 7, "external_id": "ATS-7", "full_name": "Íñigo", "headline": None, "score": 0.5, "passage": "Nurse"}
    assert answer["items"] == [found]
    assert (answer["total"], answer["next"], answer["model"], answer["took_ms"]) == (1, None, "local", 12.5)


@pytest.mark.parametrize("path", ["/candidates", "/jobs", "/failures", "/failures?group=none"])
def test_every_list_has_the_same_shape_when_empty(reader: Script, path: str) -> None:
    assert reader.get(path).json == {"items": [], "next": None, "total": 0, "total_exact": True}


def test_a_text_is_mended_over_the_version_that_was_read(operator: Script, session: Session) -> None:
    person = make_candidate(session, summary="Broken.")
    session.commit()
    version = operator.get(f"/candidates/{person.id}").json["updated_at"]
    body = {"version": version, "texts": {"summary": "Mended.", "experience": [{"title": "Nurse"}]}, "reason": "why"}

    answer = operator.post(f"/candidates/{person.id}/corrections", body)

    assert answer.status_code == 200
    assert answer.json["updated_at"] > version
    session.refresh(person)
    assert (person.summary, person.experience) == ("Mended.", [{"title": "Nurse"}])
    late = operator.post(f"/candidates/{person.id}/corrections", body)
    assert (late.status_code, late.json["type"]) == (409, "urn:vigia:problem:outdated")
    for texts in ({}, {"age": 3}, {"summary": 5}):
        assert operator.post(f"/candidates/{person.id}/corrections", body | {"texts": texts}).status_code == 422
