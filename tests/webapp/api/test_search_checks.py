"""Checks of the search, for scripts."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.webapp.api.conftest import Script
from tests.webapp.factories import make_job
from tests.webapp.views.test_search_checks import make_check
from webapp.api.v1 import search_checks


def test_checks_are_listed_newest_first_and_by_job(reader: Script, session: Session) -> None:
    job = make_job(session)
    make_check(session, job_id=job.id)
    make_check(session)
    session.commit()
    answer: Any = reader.get("/search/checks").json
    assert [item["job_id"] for item in answer["items"]] == [None, str(job.id)]
    assert answer["items"][0]["people"] == [{"id": 900001, "rank": 1, "ms": 4.0}]
    only: Any = reader.get(f"/search/checks?job_id={job.id}").json
    assert only["total"] == 1


def test_a_check_can_be_asked_for(operator: Script, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    check = make_check(session, requested_by="token:nightly")
    session.commit()
    monkeypatch.setattr(search_checks, "check_now", lambda actor: check)
    answer = operator.post("/search/checks")
    assert answer.status_code == 201
    assert answer.json["found"] == 1  # type: ignore[index]


def test_without_an_index_the_check_says_what_to_do(operator: Script) -> None:
    answer = operator.post("/search/checks")
    assert answer.status_code == 409
    assert "launch a sync" in answer.json["detail"]  # type: ignore[index]
