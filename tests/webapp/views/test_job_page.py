"""What a job's page shows of its pace, its parts, its bill and what people did to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from sqlalchemy import func
from sqlalchemy.orm import Session

from core.jobs import live, track
from core.jobs.view import StepView
from core.models import Job
from tests.webapp import factories
from tests.webapp.conftest import NO_REDIS, Visitor, plain
from tests.webapp.views.test_jobs import running

HOSTILE = "<script>alert(1)</script>{{7*7}}"


@pytest.fixture
def job(session: Session) -> Job:
    job = factories.make_job(session, status="running", title="Sync everybody not indexed", payload={"force": True})
    session.commit()
    return job


def test_the_rate_is_drawn_with_the_end_on_its_axis(viewer: Visitor, redis: Redis, job: Job) -> None:
    now = datetime.now(UTC)
    begun = now - timedelta(seconds=60)
    for seconds in range(2, 61, 2):
        at = begun + timedelta(seconds=seconds)
        view = running(job, total=300, done=2 * seconds, skipped=0, failed=0, started_at=begun, updated_at=at)
        track.mark(redis, view)
    live.publish(redis, view)

    page = viewer.get(f"/jobs/{job.id}")

    assert 'aria-labelledby="h-rate rate-text"' in page.text
    shown = plain(page)
    assert "2.0/s on average" in shown
    assert "the end is expected between" in shown
    assert "The same as a table" in shown


@pytest.mark.parametrize("app", [NO_REDIS], indirect=True)
def test_without_redis_there_is_no_chart(viewer: Visitor, job: Job) -> None:
    assert "Records a second" not in plain(viewer.get(f"/jobs/{job.id}"))


def test_the_slowest_step_is_named(viewer: Visitor, redis: Redis, job: Job) -> None:
    steps = (
        StepView("extract", "running", 200, 62, 10, 0, 1.0),
        StepView("embed", "running", 62, 60, 0, 2, 8.0),
        StepView("index", "running", 60, 60, 0, 0, 1.0),
    )
    live.publish(redis, running(job, steps=steps))

    shown = plain(viewer.get(f"/jobs/{job.id}"))

    assert "2 failed · 80 % of the time · slowest step" in shown


def test_a_stalled_job_says_so_and_foretells_nothing(viewer: Visitor, redis: Redis, job: Job) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=3)
    live.publish(redis, running(job, moved_at=long_ago, updated_at=long_ago))

    shown = plain(viewer.get(f"/jobs/{job.id}"))

    assert "It has stalled: nothing of it was done since" in shown
    assert "The end is not known yet." in shown
    assert "12.8/s" not in shown


def test_the_bill_says_what_the_end_will_cost_and_what_was_saved(
    viewer: Visitor, redis: Redis, session: Session, job: Job
) -> None:
    factories.make_spend(session, job.id, inputs=40, tokens=4_000_000)
    session.commit()
    steps = (StepView("extract", "running", 200, 100, 0, 0), StepView("embed", "running", 100, 90, 10, 0))
    live.publish(redis, running(job, total=200, done=100, skipped=0, failed=0, tokens=4_000_000, steps=steps))

    shown = plain(viewer.get(f"/jobs/{job.id}"))

    assert "Billed so far $0.48" in shown
    assert "Expected at the end about $0.96" in shown
    assert "Texts not embedded again 60" in shown  # 10 unchanged, and 90 - 40 with a vector that was kept
    assert "Saved, estimated $0.72" in shown


def test_a_ticked_parameter_reads_as_yes(viewer: Visitor, job: Job) -> None:
    assert "Force yes" in plain(viewer.get(f"/jobs/{job.id}"))


def test_acts_on_a_job_are_shown_to_admins_alone(admin: Visitor, operator: Visitor, session: Session, job: Job) -> None:
    factories.make_act(session, action="job.cancel", target=str(job.id), reason=HOSTILE)
    factories.make_act(session, action="job.cancel", target="another", reason="of another job")
    session.commit()

    page = admin.get(f"/jobs/{job.id}")

    assert "Acts on this job" in plain(page) and "of another job" not in plain(page)
    assert HOSTILE not in page.text
    assert "Acts on this job" not in plain(operator.get(f"/jobs/{job.id}"))


def test_a_job_leads_to_the_comparison_with_the_one_before_it(viewer: Visitor, session: Session, job: Job) -> None:
    later = factories.make_job(session)
    session.commit()

    assert f"/jobs/compare?a={job.id}&amp;b={later.id}" in viewer.get(f"/jobs/{later.id}").text


def test_parts_are_listed_with_their_attempts(viewer: Visitor, session: Session, job: Job) -> None:
    factories.make_part(session, job, [1, 2], n=0, status="done", done=2, attempt=1)
    factories.make_part(
        session, job, [3], n=1, status="failed", failed=1, attempt=6, error_detail=f"Gave up: {HOSTILE}"
    )
    session.commit()

    page = viewer.get(f"/jobs/{job.id}/parts")

    assert "1 Done 2 / 2" in plain(page)
    assert "2 Failed 1 / 1 1 6" in plain(page)
    assert HOSTILE not in page.text


def test_a_job_without_parts_says_why(viewer: Visitor, job: Job) -> None:
    assert "The job has not been split into parts yet." in plain(viewer.get(f"/jobs/{job.id}/parts"))


@pytest.mark.parametrize(("cause", "offered"), [("text_refused", False), ("cohere_timeout", True)])
def test_a_retry_is_offered_only_where_it_can_help(
    operator: Visitor, session: Session, cause: str, offered: bool
) -> None:
    counts = {"status": "completed_with_errors", "total": 2, "done": 1, "failed": 1}
    job = factories.make_job(session, **counts, split_at=func.now())
    factories.make_failure(session, job, factories.make_candidate(session).id, cause=cause)
    session.commit()

    assert ("Retry the rest" in plain(operator.get(f"/jobs/{job.id}"))) is offered


def test_what_was_never_reached_did_not_fail(viewer: Visitor, session: Session) -> None:
    counts = {"done": 0, "skipped": 0, "status": "failed"}
    steps = [{"name": "embed", "total": 2, "failed": 2, **counts}, {"name": "index", "total": 0, "failed": 0, **counts}]
    job = factories.make_job(session, status="failed", total=2, failed=2, split_at=func.now(), steps=steps)
    factories.make_part(session, job, [1, 2], status="done", total=2, failed=2)
    session.commit()

    shown = plain(viewer.get(f"/jobs/{job.id}"))

    assert "Embed Failed" in shown and "Index Not reached" in shown
    assert "2 / 2 With errors 1 Cost" in shown
    assert "failed again in a later job" in shown
