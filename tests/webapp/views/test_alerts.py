"""The banner on every page, and the list of what is and was wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.alerts.rules import RULES
from core.models import Alert
from tests.webapp import factories
from tests.webapp.conftest import Visitor, plain
from webapp.alerts import NAMES, WAYS

NOW = datetime.now(UTC)


def make_alert(session: Session, rule: str = "queue_deep", **values: Any) -> Alert:
    defaults = {"subject": "jobs:etl", "sentence": "5,000 wait.", "cure": "Start more workers."}
    alert = Alert(rule=rule, **(defaults | values))
    session.add(alert)
    session.commit()
    return alert


def test_every_rule_has_a_name_for_people_and_its_page_is_one_of_ours(viewer: Visitor) -> None:
    assert list(NAMES) == list(RULES)
    adapter = viewer.client.application.url_map.bind("localhost")
    for rule in RULES.values():
        path = rule.page_of("0b0c4a52-0000-4000-8000-000000000000").partition("?")[0]
        assert adapter.test(path, "GET") and rule.page in WAYS, rule.name


@pytest.mark.parametrize("path", ["/", "/jobs", "/failures", "/candidates"])
def test_an_open_alert_stands_on_every_page_with_its_cure(viewer: Visitor, session: Session, path: str) -> None:
    make_alert(session)
    page = viewer.get(path)

    assert "5,000 wait. Start more workers." in plain(page)
    assert page.text.count('id="alerts"') == 1


def test_without_an_alert_the_banner_says_nothing(viewer: Visitor, session: Session) -> None:
    make_alert(session, cleared_at=NOW)

    assert "5,000 wait." not in plain(viewer.get("/jobs"))


def test_the_worst_come_first_and_the_rest_are_counted(viewer: Visitor, session: Session) -> None:
    for n in range(4):
        make_alert(session, "job_overdue", subject=f"job-{n}", sentence=f"Job {n} is late.")
    make_alert(session, "key_refused", subject="Cohere", sentence="Cohere refuses the key.")
    page = plain(viewer.get("/jobs"))

    assert page.index("Cohere refuses the key.") < page.index("Job 0 is late.") < page.index("Job 1 is late.")
    assert "Job 2 is late." not in page
    assert "and 2 more" in page


def test_an_alert_of_a_job_leads_to_the_job(viewer: Visitor, session: Session) -> None:
    job = factories.make_job(session, status="running")
    make_alert(session, "job_stalled", subject=str(job.id))

    assert f'class="button" href="/jobs/{job.id}"' in viewer.get("/jobs").text


def test_a_poll_brings_the_banner_along(viewer: Visitor, session: Session) -> None:
    make_alert(session)
    for path in ("/overview/live", "/jobs/live"):
        drawn = viewer.get(path).text
        assert '<div class="alerts" id="alerts" role="status" hx-swap-oob="outerMorph">' in drawn
        assert "5,000 wait." in drawn
        assert 'id="nav-alerts" hx-swap-oob="true">1<' in drawn


def test_before_the_first_alert_the_page_says_what_there_would_be(viewer: Visitor) -> None:
    assert "No alert has ever fired" in plain(viewer.get("/alerts"))


def test_the_page_tells_what_is_and_for_how_long_it_was(viewer: Visitor, session: Session) -> None:
    make_alert(session)
    fired = NOW - timedelta(hours=2)
    make_alert(session, "worker_lost", sentence="w-1 lost.", fired_at=fired, cleared_at=fired + timedelta(seconds=90))
    page = viewer.get("/alerts")

    assert "5,000 wait. Start more workers. Queue too deep · since" in plain(page)
    assert page.text.count("5,000 wait.") <= 2  # once to see, once for the name of its link
    row = plain(page).partition("Lasted")[2]
    assert "w-1 lost. Worker lost" in row
    assert "1 min 30 s" in row.replace("\N{NO-BREAK SPACE}", " ")


def test_the_history_is_filtered_by_the_address(viewer: Visitor, session: Session) -> None:
    make_alert(session, sentence="Deep.", cleared_at=NOW)
    make_alert(session, "worker_lost", subject="w-1", sentence="Lost.", cleared_at=NOW)

    page = viewer.get("/alerts?rule=worker_lost")
    assert "Lost." in plain(page) and "Deep." not in plain(page)
    assert '<option value="worker_lost" selected>' in page.text
    assert "Deep." not in plain(viewer.get("/alerts?subject=w-1"))
    assert "None of this kind has come and gone." in plain(viewer.get("/alerts?rule=job_stalled"))


def test_a_long_history_comes_in_pages(viewer: Visitor, session: Session) -> None:
    for n in range(26):
        make_alert(session, subject=str(n), sentence=f"Wrong {n}.", fired_at=NOW - timedelta(minutes=n), cleared_at=NOW)
    first = viewer.get("/alerts")
    assert "25 of 26" in plain(first)
    older = first.text.partition('rel="next"')[0].rpartition('href="')[2].rstrip('" ')

    second = viewer.get(older.replace("&amp;", "&"))
    assert "Wrong 25." in plain(second)
    assert "data-poll" not in second.text  # it would jump back to the first


def test_all_that_match_come_as_a_file(viewer: Visitor, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.queries.newest.BATCH", 2)
    for n in range(5):
        make_alert(session, subject=f"w-{n}", rule="worker_lost", sentence=f"=lost({n})", cleared_at=NOW if n else None)
    make_alert(session)

    assert 'href="/alerts.csv?rule=worker_lost"' in viewer.get("/alerts?rule=worker_lost").text
    lines = viewer.get("/alerts.csv?rule=worker_lost").text.splitlines()
    assert lines[0] == "id,rule,subject,sentence,cure,fired_at,cleared_at"
    assert len(lines) == 6
    assert "'=lost(4)" in lines[1]
    found = json.loads(viewer.get("/alerts.json").text)
    assert [alert["subject"] for alert in found] == ["jobs:etl", "w-4", "w-3", "w-2", "w-1", "w-0"]


def test_the_page_polls_itself_and_says_nothing_when_nothing_is_new(viewer: Visitor, session: Session) -> None:
    make_alert(session)
    assert viewer.get("/alerts").text.count("data-poll") == 1

    tags = [viewer.get("/alerts/live").headers["ETag"] for _ in range(2)]
    answers = [viewer.get("/alerts/live", headers={"If-None-Match": tag}).status_code for tag in tags]
    assert 304 in answers  # at most one of them met the turn of the clock


def test_what_an_alert_says_is_shown_literally(viewer: Visitor, session: Session) -> None:
    make_alert(session, sentence="“<script>alert(1)</script>” is late.", cleared_at=NOW)

    assert "<script>alert(1)" not in viewer.get("/alerts").text
