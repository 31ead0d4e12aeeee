"""/failures: causes with what helps, the records of one, and one of these opened."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Candidate, Failure, Job
from tests.webapp import factories
from tests.webapp.conftest import Visitor, plain

HOSTILE = "<script>alert(1)</script>{{7*7}}"
NOW = datetime.now(UTC)


@pytest.fixture
def people(session: Session) -> list[Candidate]:
    found = [factories.make_candidate(session, summary="12 aÃ±os " + HOSTILE) for _ in range(4)]
    for person in found:
        session.refresh(person)
    return found


@pytest.fixture
def failures(session: Session, people: list[Candidate]) -> list[Failure]:
    """Three refused texts, one of them changed since, and a slow provider two days ago."""
    job = factories.make_job(session, status="completed_with_errors")
    seen = {"last_seen": NOW}
    made = [
        factories.make_failure(session, job, person.id, source_version=person.updated_at, **seen)
        for person in people[:3]
    ]
    made[0].source_version = people[0].updated_at - timedelta(days=1)
    slow = {"cause": "cohere_timeout", "step": "index", "last_seen": NOW - timedelta(days=2)}
    made.append(factories.make_failure(session, job, people[3].id, reason=HOSTILE, **slow))
    resolved = slow | {"status": "resolved", "closed_at": NOW}
    factories.make_failure(session, job, 10**9, **resolved)
    session.commit()
    return made


def test_each_cause_is_offered_what_helps(operator: Visitor, failures: list[Failure]) -> None:
    shown = plain(operator.get("/failures"))

    assert "Mend 2…" in shown and "Retry 1 of 3" in shown
    assert "Retry 1 : Cohere did not answer in time" in shown
    assert "new today" in shown and "over, it seems" in shown
    assert "1 more of the last 7 days was resolved by a later job." in shown


def test_a_viewer_is_offered_nothing(viewer: Visitor, failures: list[Failure]) -> None:
    shown = plain(viewer.get(f"/failures?cause=text_refused&record={failures[0].id}"))
    assert "Mend" not in shown and "Retry" not in shown.replace("A retry", "") and "Discard…" not in shown


def test_only_what_was_changed_since_is_retried(operator: Visitor, session: Session, failures: list[Failure]) -> None:
    listed = plain(operator.get("/failures?cause=text_refused&mended=1"))
    assert "Only those that were changed since they failed." in listed and "1–1 of 1" in listed

    answer = operator.post("/failures/retries", cause="text_refused", mended="1")

    assert answer.status_code == 303
    launched = session.scalars(select(Job).where(Job.kind == "etl.embed")).one()
    assert launched.payload["candidate_ids"] == [failures[0].record_id]


def test_the_jobs_of_a_cause_are_as_many_as_its_link_lists(viewer: Visitor, session: Session) -> None:
    """Closed failures of the cause, and a job that itself ended by it, are not among those that are open."""
    first, second, closed = (factories.make_job(session, status="completed_with_errors") for _ in range(3))
    factories.make_job(session, status="failed", error_code="qdrant_slow")
    for n, job in enumerate((first, first, second)):
        factories.make_failure(session, job, n + 1, cause="qdrant_slow")
    factories.make_failure(session, closed, 9, cause="qdrant_slow", status="resolved")
    session.commit()

    page = viewer.get("/failures").text
    [(link, figure)] = re.findall(r'<a href="(/jobs\?q=[^"]+)">(\d+)</a>', page)

    assert figure == "2"
    assert f"of {figure}" in plain(viewer.get(link))
    assert set(re.findall(r'name="id" value="([^"]+)"', viewer.get(link).text)) == {str(first.id), str(second.id)}
    assert "/jobs?q=" not in viewer.get("/failures?status=any").text


def test_filters_stand_in_the_address_and_in_the_file(viewer: Visitor, failures: list[Failure]) -> None:
    assert "1 cause" in plain(viewer.get("/failures?step=index"))
    assert "1 failure matches." in plain(viewer.get("/failures?status=resolved"))
    assert "No failure matches" in plain(viewer.get("/failures?status=discarded"))
    assert viewer.get("/failures?status=zebra").status_code == 422
    assert viewer.get("/failures.csv?status=any&step=index").text.count("\n") == 3
    assert viewer.get("/failures.csv?cause=text_refused&mended=1").text.count("\n") == 2


def test_an_opened_record_shows_its_text_with_what_offends(viewer: Visitor, failures: list[Failure]) -> None:
    page = viewer.get(f"/failures?cause=text_refused&record={failures[1].id}")

    assert "<mark>Ã±</mark>" in page.text
    assert HOSTILE in unescape(page.text) and HOSTILE not in page.text
    assert "1 suspect place" in plain(page)
    assert HOSTILE not in viewer.get(f"/failures?all=1&record={failures[3].id}").text


@pytest.mark.parametrize("record", ["x", "0", "9" * 18, "-1"])
def test_a_record_that_is_not_there_opens_nothing(viewer: Visitor, failures: list[Failure], record: str) -> None:
    page = viewer.get(f"/failures?all=1&record={record}")
    assert page.status_code == 200 and 'id="record"' not in page.text


def test_ticks_travel_with_the_pages(operator: Visitor, session: Session) -> None:
    job = factories.make_job(session, status="failed")
    made = [factories.make_failure(session, job, n, last_seen=NOW - timedelta(minutes=n)) for n in range(1, 31)]
    session.commit()
    first = operator.get("/failures?cause=text_refused").text
    cursor = unescape(re.findall(r'name="cursor" value="([^"]+)"', first)[0])

    turned = operator.get(
        "/failures", query_string={"cause": "text_refused", "id": [str(made[0].id), str(made[2].id)], "cursor": cursor}
    )
    second = operator.get(turned.location).text

    assert "2 of them on other pages" in second and "26–30 of 30" in plain(operator.get(turned.location))
    word = re.findall(r'name="chosen" value="([^"]*)"', second)[0]
    asked = plain(operator.post("/failures/discards/new", id=str(made[29].id), chosen=word))
    assert "Discard 3 failures?" in asked


def test_more_than_one_act_takes_is_foretold_first(
    operator: Visitor, failures: list[Failure], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.failure_page.MOST_CHOSEN", 0)
    assert "Retry 1… : Cohere did not answer in time" in plain(operator.get("/failures"))


def test_the_menu_says_where_it_stopped_counting(
    viewer: Visitor, failures: list[Failure], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(viewer.client.application.jinja_env.globals, "MOST_COUNTED", 4)
    assert "Failures 4+" in plain(viewer.get("/queues"))
