"""The checks of the search: their page, and what the overview and a job's page say of them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.errors import Unavailable
from core.models import Job, SearchCheck
from tests.webapp import factories
from tests.webapp.conftest import Visitor, plain
from webapp.views import search_checks


def make_check(session: Session, **values: Any) -> SearchCheck:
    defaults = {"requested_by": "clock", "collection": "c1", "model": "local", "k": 10, "p50_ms": 4.2, "p95_ms": 34.0}
    people = values.pop("people", [{"id": 900001, "rank": 1, "ms": 4.0}])
    counts = {"asked": len(people), "found": sum(person["rank"] is not None for person in people)}
    check = SearchCheck(**(defaults | counts | {"people": people} | values))
    session.add(check)
    session.flush()
    return check


@pytest.fixture
def job(session: Session) -> Job:
    job = factories.make_job(session)
    make_check(session, people=[{"id": 1, "rank": 1, "ms": 2.0}, {"id": 2, "rank": None, "ms": 2.0}], p95_ms=40.0)
    make_check(session, people=[{"id": 2, "rank": 1, "ms": 2.0}, {"id": 3, "rank": 4, "ms": 2.0}], job_id=job.id)
    session.commit()
    return job


def test_before_the_first_check_the_page_says_when_it_comes(viewer: Visitor) -> None:
    assert "The search was never checked" in plain(viewer.get("/search/checks"))


def test_the_last_check_is_told_first_and_on_the_overview(viewer: Visitor, job: Job) -> None:
    shown = plain(viewer.get("/search/checks"))
    assert "All 2 people asked for were found." in shown
    assert "1 of 2" in shown and "after job" in shown


def test_who_is_missed_is_named_and_can_be_indexed_again(operator: Visitor, session: Session) -> None:
    person = factories.make_candidate(session, full_name="Ana <b>Ruiz</b>")
    make_check(session, people=[{"id": person.id, "rank": None, "ms": 2.0}])
    session.commit()

    page = operator.get("/search/checks")

    assert "1 known person is not found by their own text." in plain(page)
    assert "Ana &lt;b&gt;Ruiz" in page.text
    assert f'name="candidate_ids" value="{person.id}"' in page.text
    asked = operator.post("/embeddings/new", candidate_ids=str(person.id), force="1")
    assert "Index 1 person?" in plain(asked)


def test_a_job_says_how_the_search_was_before_and_after_it(viewer: Visitor, job: Job) -> None:
    shown = plain(viewer.get(f"/jobs/{job.id}"))
    assert "Found among the first 10 1 of 2 2 of 2 +50 %" in shown
    assert "1 person was asked for both times." in shown


def test_a_check_that_was_asked_for_is_told(operator: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_checks, "check_now", lambda actor: SearchCheck(asked=20, found=19))
    answer = operator.post("/search/checks")
    assert (answer.status_code, answer.location) == (303, "/search/checks")
    assert "Checked: 19 of 20 found." in plain(operator.get("/search/checks"))


def test_a_check_that_asked_for_nobody_does_not_boast(operator: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_checks, "check_now", lambda actor: SearchCheck(asked=0, found=0))
    operator.post("/search/checks")
    assert "Nobody could be asked for" in plain(operator.get("/search/checks"))


def test_a_check_that_cannot_be_made_says_why(operator: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(actor: object) -> SearchCheck:
        raise Unavailable("nobody is indexed yet: launch a sync")

    monkeypatch.setattr(search_checks, "check_now", away)
    operator.post("/search/checks")
    assert "The search could not be checked. nobody is indexed yet" in plain(operator.get("/search/checks"))


def test_the_checks_are_given_as_a_file(viewer: Visitor, job: Job) -> None:
    rows = viewer.get("/search/checks.json").json
    assert [(row["found"], row["asked"], row["missed"]) for row in rows] == [(2, 2, []), (1, 2, [2])]  # type: ignore[union-attr]
    assert viewer.get("/search/checks.csv").text.startswith("id,taken_at,job_id")
