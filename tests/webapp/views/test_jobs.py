"""The list of jobs, a job's page, and what they poll."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis import Redis
from sqlalchemy.orm import Session

from core.jobs import live
from core.jobs.view import JobView, PartView, StepView
from core.models import Job
from tests.core.stack.test_children import until
from tests.webapp import factories
from tests.webapp.conftest import NO_REDIS, Visitor, plain
from webapp import door

HOSTILE = "<script>alert(1)</script>{{7*7}}"


def running(job: Job, **values: object) -> JobView:
    """Say what Redis would hold of a job under way."""
    now = datetime.now(UTC)
    view = JobView(
        id=str(job.id),
        kind=job.kind,
        queue=job.queue,
        title=job.title,
        status="running",
        message="",
        requested_by="marta",
        reason="",
        retry_of=None,
        total=200,
        done=60,
        skipped=10,
        failed=2,
        rate=12.8,
        eta_seconds=10.0,
        tokens=4000,
        calls=3,
        model="embed-v4.0",
        error_code=None,
        error_detail=None,
        created_at=now - timedelta(minutes=5),
        started_at=now - timedelta(minutes=4),
        finished_at=None,
        updated_at=now,
        steps=(StepView("extract", "running", 200, 62, 10, 0), StepView("embed", "running", 62, 60, 0, 2)),
        parts=(PartView(0, "running", 100, 60, 10, 2, 1, ""), PartView(1, "queued", 100, 0, 0, 0, 0, "")),
    )
    return replace(view, **values)  # type: ignore[arg-type]


@pytest.fixture
def job(session: Session) -> Job:
    job = factories.make_job(session, status="running", title="Sync everybody not indexed")
    session.commit()
    return job


def test_the_list_shows_jobs_newest_first_with_their_status(viewer: Visitor, session: Session) -> None:
    factories.make_job(session, title="The older one", status="failed")
    factories.make_job(session, title="The newer one", status="completed", total=5, done=5)
    session.commit()

    shown = plain(viewer.get("/jobs"))

    assert shown.index("The newer one") < shown.index("The older one")
    assert "All 2" in shown
    assert "Failed 1" in shown


def test_an_empty_list_says_what_to_do_next(operator: Visitor) -> None:
    shown = plain(operator.get("/jobs"))

    assert "No jobs yet" in shown
    assert "Launch the first sync" in shown


def test_a_filter_stands_in_the_address_and_survives_the_next_page(viewer: Visitor, session: Session) -> None:
    for _ in range(30):
        factories.make_job(session, kind="etl.embed", status="failed", requested_by="ana")
    session.commit()

    page = viewer.get("/jobs?status=failed&q=kind:etl.embed+user:ana").text
    older = dict(re.findall(r'name="(q|status|cursor)" value="([^"]+)"', page.split('id="bulk"')[1]))

    assert (older["status"], older["q"]) == ("failed", "kind:etl.embed user:ana")
    assert plain(viewer.get("/jobs", query_string=older)).count("Failed") >= 5


def test_nothing_that_matches_is_said_too(viewer: Visitor, job: Job) -> None:
    assert "No job matches" in plain(viewer.get("/jobs?q=zebra"))


def test_a_term_that_is_unknown_is_told_beside_the_box_and_nothing_is_listed(viewer: Visitor, job: Job) -> None:
    answer = viewer.get('/jobs?q=colour:red "open')

    assert answer.status_code == 422
    assert "There is no term “colour:”. The terms are status:, kind:," in plain(answer)
    assert "A quotation mark is not closed" in plain(answer)
    assert job.title not in plain(answer)
    assert "data-poll" not in answer.text
    assert 'value="colour:red &#34;open"' in answer.text


def test_a_name_that_nobody_has_is_explained(viewer: Visitor, job: Job) -> None:
    answer = viewer.get("/jobs?q=user:zoe")

    assert answer.status_code == 200
    assert "Nobody with a name like “zoe” has launched a job." in plain(answer)


def test_my_jobs_are_mine(viewer: Visitor, session: Session) -> None:
    factories.make_job(session, title="Mine", requested_by=viewer.name)
    factories.make_job(session, title="Not hers", requested_by="eva")
    session.commit()

    shown = plain(viewer.get("/jobs?q=user:me"))

    assert "Mine" in shown and "Not hers" not in shown


def test_the_help_of_the_search_leads_to_searches_that_work(viewer: Visitor, session: Session) -> None:
    job = factories.make_job(session)
    factories.make_failure(session, job, 1, cause="cohere_timeout")
    session.commit()
    grammar = viewer.get("/jobs").text.split('id="grammar"')[1].split("</details>")[0]

    examples = [unescape(link) for link in re.findall(r'href="([^"]+)"', grammar)]

    assert len(examples) >= 10
    assert {viewer.get(link).status_code for link in examples} == {200}


def test_a_cursor_of_another_list_is_refused(viewer: Visitor) -> None:
    assert viewer.get("/jobs?cursor=%00nonsense").status_code == 422


def test_the_page_shows_the_live_copy(viewer: Visitor, redis: Redis, job: Job) -> None:
    live.publish(redis, running(job))

    shown = plain(viewer.get(f"/jobs/{job.id}"))

    assert "36 %" in shown
    assert "72 of 200 records · 12.8/s" in shown
    assert "Ends about" in shown
    assert "2 parts" in shown
    assert "Adds up" in shown


@pytest.mark.parametrize("app", [NO_REDIS], indirect=True)
def test_the_page_shows_the_ledger_while_redis_is_down(viewer: Visitor, session: Session) -> None:
    job = factories.make_job(session, status="completed", total=7, done=7)
    session.commit()

    assert "7 of 7 records" in plain(viewer.get(f"/jobs/{job.id}"))
    assert viewer.get(f"/jobs/{job.id}/progress").status_code == 200


def test_progress_is_drawn_by_page_and_poll_alike(viewer: Visitor, redis: Redis, job: Job) -> None:
    live.publish(redis, running(job))

    def alike() -> bool:
        """Look at both; between them a figure that counts seconds may move on."""
        page, poll = viewer.get(f"/jobs/{job.id}").text, viewer.get(f"/jobs/{job.id}/progress").text
        assert "<html" not in poll
        return page.split('<section class="progress lead"')[1].split("</section>")[0] in poll

    assert until(alike)


def test_a_poll_costs_nothing_while_nothing_changes(
    viewer: Visitor, redis: Redis, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "SHARED_SECONDS", -1)
    live.publish(redis, running(job))
    first = viewer.get(f"/jobs/{job.id}/progress")
    known = {"If-None-Match": first.headers["ETag"]}

    again = viewer.get(f"/jobs/{job.id}/progress", headers=known)
    live.publish(redis, running(job, done=90, updated_at=datetime.now(UTC)))
    after = viewer.get(f"/jobs/{job.id}/progress", headers=known)

    assert (again.status_code, again.text) == (304, "")
    assert after.status_code == 200
    assert "102 of 200" in after.text


def test_a_poll_ends_itself_with_the_job(viewer: Visitor, redis: Redis, job: Job) -> None:
    live.publish(redis, running(job))
    assert "hx-trigger" in viewer.get(f"/jobs/{job.id}/progress").text

    done = running(job, status="completed", done=190, finished_at=datetime.now(UTC), updated_at=datetime.now(UTC))
    live.publish(redis, done)

    assert "hx-trigger" not in viewer.get(f"/jobs/{job.id}/progress").text
    assert "hx-trigger" not in viewer.get(f"/jobs/{job.id}").text


@pytest.mark.parametrize(
    ("status", "title"),
    [("running", "36 % - "), ("waiting", "Waiting - "), ("completed", "✓ Completed - "), ("failed", "✗ Failed - ")],
)
def test_the_tab_of_a_watched_job_says_how_far_it_is_and_how_it_ended(
    viewer: Visitor, redis: Redis, job: Job, status: str, title: str
) -> None:
    live.publish(redis, running(job, status=status))

    for path in (f"/jobs/{job.id}", f"/jobs/{job.id}/progress"):
        titles = re.findall("<title>(.+) - Vigía</title>", viewer.get(path).text)
        assert titles == [f"{title}{job.title}"]


def test_a_waiting_job_says_until_when_and_why(viewer: Visitor, redis: Redis, job: Job) -> None:
    live.publish(redis, running(job, status="waiting", message="Waiting for Cohere until 12:04:10 UTC.", rate=None))

    assert "Waiting for Cohere until 12:04:10 UTC." in plain(viewer.get(f"/jobs/{job.id}"))


def test_a_failed_job_says_the_cure(viewer: Visitor, session: Session) -> None:
    job = factories.make_job(session, status="failed", error_code="key", error_detail="Set COHERE_API_KEY.")
    session.commit()

    assert "Set COHERE_API_KEY." in plain(viewer.get(f"/jobs/{job.id}"))


def test_a_stopped_job_blames_no_record(viewer: Visitor, session: Session) -> None:
    steps = [{"name": "embed", "status": "failed", "total": 9, "done": 2, "skipped": 0, "failed": 0}]
    job = factories.make_job(session, status="failed", error_code="key", total=9, done=2, failed=7, steps=steps)
    session.commit()

    shown = plain(viewer.get(f"/jobs/{job.id}"))

    assert "No record is at fault: the job was stopped" in shown
    assert "Not reached" in shown
    assert "Under way" not in shown


def test_counters_that_do_not_add_up_are_called_so(viewer: Visitor, redis: Redis, job: Job) -> None:
    live.publish(redis, running(job, steps=(StepView("embed", "running", 10, 11, 0, 0),)))

    assert "Does not add up" in plain(viewer.get(f"/jobs/{job.id}"))


def test_hostile_words_are_shown_as_they_are(viewer: Visitor, session: Session) -> None:
    job = factories.make_job(session, title=HOSTILE, reason=HOSTILE, requested_by=HOSTILE, message=HOSTILE)
    factories.make_event(session, job, HOSTILE)
    person = factories.make_candidate(session, full_name=HOSTILE, headline=HOSTILE)
    factories.make_failure(session, job, person.id, cause=HOSTILE, reason=HOSTILE)
    session.commit()

    for path in (f"/jobs/{job.id}", "/jobs", "/", "/failures?all=1", "/candidates", f"/candidates/{person.id}"):
        page = viewer.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in page


def test_failures_are_grouped_by_cause_with_a_way_to_try_again(operator: Visitor, session: Session, job: Job) -> None:
    for person in (factories.make_candidate(session) for _ in range(3)):
        factories.make_failure(session, job, person.id, cause="cohere_rate_limited")
    session.commit()

    shown = plain(operator.get(f"/jobs/{job.id}"))

    assert "Cohere refused: too many requests" in shown
    assert "safe to retry" in shown
    assert "Retry 3" in shown


def test_every_record_of_a_job_has_its_line(viewer: Visitor, session: Session, job: Job) -> None:
    person = factories.make_candidate(session, full_name="Begoña Núñez")
    factories.make_part(session, job, [person.id, 999_999])
    session.commit()

    shown = plain(viewer.get(f"/jobs/{job.id}/records"))

    assert "Begoña Núñez" in shown
    assert "gone: number 999999" in shown


def test_all_events_of_a_job_are_listed(viewer: Visitor, session: Session, job: Job) -> None:
    for n in range(12):
        factories.make_event(session, job, f"Event number {n}.")
    session.commit()

    assert "All 12" in plain(viewer.get(f"/jobs/{job.id}"))
    assert "Event number 0." in plain(viewer.get(f"/jobs/{job.id}/events"))


@pytest.mark.parametrize(
    ("kind", "payload", "shown"),
    [
        (
            "failures.bulk",
            {"act": "discard", "where": {"cause": "text_empty", "step": "embed"}, "ids": []},
            "Act Discard Step Embed Cause The profile has no text Launched by",
        ),
        (
            "jobs.bulk",
            {"act": "cancel", "said": "-user:me error:text", "where": {"errors": ["text_empty"], "not_users": ["ana"]}},
            "Act Cancel As it was typed -user:me error:text Launched by",
        ),
    ],
)
def test_the_parameters_of_an_act_are_said_in_words(
    viewer: Visitor, session: Session, kind: str, payload: dict[str, Any], shown: str
) -> None:
    job = factories.make_job(session, kind=kind, payload=payload)
    session.commit()

    assert shown in plain(viewer.get(f"/jobs/{job.id}"))


def test_an_event_of_a_part_names_it_once(viewer: Visitor, session: Session, job: Job) -> None:
    """Several parts may wait for the same, until the same second."""
    for part in (0, 6):
        factories.make_event(session, job, f"worker-1 took part {part + 1}, attempt 1.", part=part)
        factories.make_event(session, job, "Waits until 12:04:10 UTC: Cohere is unwell (503).", part=part, level="wait")
    session.commit()

    for path in ("", "/events"):
        shown = plain(viewer.get(f"/jobs/{job.id}{path}"))
        assert "Cohere is unwell (503). part 1" in shown and "Cohere is unwell (503). part 7" in shown
        assert shown.count("part 7") == 2


@pytest.mark.parametrize("job_id", [uuid4(), UUID(int=0)])
def test_a_job_that_is_not_there_is_not_found(viewer: Visitor, job_id: UUID) -> None:
    for path in ("", "/progress", "/records", "/events"):
        assert viewer.get(f"/jobs/{job_id}{path}").status_code == 404
    assert viewer.get("/jobs/not-an-id").status_code == 404


@pytest.mark.parametrize("app", [{"HISTORY_DAYS": 1000}], indirect=True)
def test_a_job_that_is_not_there_may_have_been_forgotten(operator: Visitor) -> None:
    for act in (operator.get, lambda path: operator.post(f"{path}/retries")):
        said = plain(act(f"/jobs/{UUID(int=0)}"))
        assert f"There is no job {UUID(int=0)}. Jobs are kept for 1,000 days after their end; the audit and " in said
    spanish = plain(operator.get(f"/jobs/{UUID(int=0)}", headers={"Accept-Language": "es"}))
    assert "Los trabajos se conservan 1.000 días después de terminar; la auditoría y los costes se" in spanish
