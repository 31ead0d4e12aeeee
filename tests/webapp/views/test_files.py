"""Jobs and failures as files: what the address asks for, safe for spreadsheets."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy.orm import Session

from core.models import QueuePause
from tests.webapp import factories
from tests.webapp.conftest import NO_REDIS, Visitor, plain
from webapp import job_list


@pytest.fixture
def job(session: Session) -> str:
    """A failed job of somebody who writes formulas, and one that is not asked for."""
    job = factories.make_job(session, title='=HYPERLINK("http://x")', status="failed", reason='a "b",\nc', total=3)
    factories.make_job(session, title="Another")
    person = factories.make_candidate(session, full_name="@Íñigo")
    factories.make_failure(session, job, person.id, reason="+1")
    factories.make_failure(session, job, None, cause="cohere_timeout", record_kind="", part=2)
    session.commit()
    return str(job.id)


def test_jobs_that_match_become_a_table(viewer: Visitor, job: str) -> None:
    answer = viewer.get("/jobs.csv?status=failed&q=hyperlink")
    (line,) = csv.DictReader(io.StringIO(answer.text))

    assert answer.headers["Content-Disposition"] == 'attachment; filename="jobs.csv"'
    assert (line["id"], line["status"], line["total"], line["model"]) == (job, "failed", "3", "")
    assert line["title"] == '\'=HYPERLINK("http://x")'
    assert line["reason"] == 'a "b",\nc'


def test_jobs_are_json_for_programs(viewer: Visitor, job: str) -> None:
    lines = viewer.get("/jobs.json").json

    assert lines is not None
    assert [line["title"] for line in lines] == ["Another", '=HYPERLINK("http://x")']
    assert set(lines[0]) == set(job_list.FIELDS)


def test_a_file_has_an_end(viewer: Visitor, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_list, "MOST_IN_FILE", 1)

    assert len(viewer.get("/jobs.json").json or ()) == 1
    assert "the first 100,000 at most" in viewer.get("/jobs").text


def test_a_search_that_cannot_be_used_gives_no_file(viewer: Visitor, job: str) -> None:
    assert viewer.get("/jobs.csv?q=colour:red").status_code == 422


def test_failures_that_match_become_a_table(viewer: Visitor, job: str) -> None:
    lines = list(csv.DictReader(io.StringIO(viewer.get(f"/failures.csv?job={job}").text)))
    (one,) = csv.DictReader(io.StringIO(viewer.get("/failures.csv?cause=text_refused").text))

    assert len(lines) == 2
    assert (one["full_name"], one["reason"], one["job_id"]) == ("'@Íñigo", "'+1", job)
    assert len(viewer.get("/failures.json").json or ()) == 2


def test_the_links_keep_what_is_asked_for(viewer: Visitor, job: str) -> None:
    assert "/jobs.csv?status=failed&amp;q=hyperlink" in viewer.get("/jobs?status=failed&q=hyperlink").text
    assert "/failures.json?cause=text_refused" in viewer.get("/failures?cause=text_refused").text
    assert "CSV" not in plain(viewer.get("/jobs?q=zebra"))


def test_queues_and_workers_are_files_too(viewer: Visitor, session: Session) -> None:
    factories.make_job(session, status="queued")
    session.add(QueuePause(queue="jobs:etl", paused_by="=marta", reason="why"))
    session.commit()

    lines = {line["name"]: line for line in csv.DictReader(io.StringIO(viewer.get("/queues.csv").text))}
    assert (lines["jobs:etl"]["jobs_queued"], lines["jobs:etl"]["paused_by"]) == ("1", "'=marta")
    assert lines["jobs:maintenance"]["oldest"] == ""
    assert viewer.get("/workers.json").json == []


@pytest.mark.parametrize("app", [NO_REDIS], indirect=True)
def test_without_redis_there_is_no_file_of_workers(viewer: Visitor) -> None:
    assert viewer.get("/workers.csv").status_code == 503
    assert viewer.get("/queues.json").json[0]["listening"] is None


def test_what_became_of_each_record_is_a_file_of_all_pages(
    viewer: Visitor, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.views.files.MOST", 2)
    job = factories.make_job(session, status="completed")
    people = [factories.make_candidate(session, full_name=f"=Ana {n}").id for n in range(5)]
    factories.make_part(session, job, people, cursor=5)
    for n in range(3):
        factories.make_event(session, job, f"line {n}")
    session.commit()

    lines = list(csv.DictReader(io.StringIO(viewer.get(f"/jobs/{job.id}/records.csv").text)))
    assert [int(line["record_id"]) for line in lines] == people
    assert lines[0]["full_name"] == "'=Ana 0"
    events = viewer.get(f"/jobs/{job.id}/events.json").json
    assert [event["message"] for event in events] == ["line 2", "line 1", "line 0"]


def test_what_became_of_each_item_of_a_bulk_job_is_one(viewer: Visitor, session: Session) -> None:
    bulk = factories.make_job(session, kind="jobs.bulk", status="completed")
    factories.make_part(session, bulk, [10**9], cursor=1)
    session.commit()
    (line,) = viewer.get(f"/jobs/{bulk.id}/records.json").json
    assert (line["record_id"], line["name"]) == (10**9, None)


def test_a_job_that_is_not_there_has_no_files(viewer: Visitor) -> None:
    for what in ("records", "events"):
        assert viewer.get(f"/jobs/00000000-0000-0000-0000-000000000000/{what}.csv").status_code == 404
