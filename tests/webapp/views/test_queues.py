"""/queues: what waits, who listens, what limits, and a pause with its reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Hold, QueuePause
from tests.webapp.conftest import NO_REDIS, Visitor, plain
from tests.webapp.factories import make_job, make_part

COHERE = {"EMBEDDER": "cohere", "COHERE_API_KEY": "secret", "MONTHLY_BUDGET": "50"}


def paused(session: Session, reason: str = "the price list is wrong") -> None:
    session.add(QueuePause(queue="jobs:etl", paused_by="marta", reason=reason))
    session.commit()


def test_it_counts_what_waits_and_runs_and_how_long_it_waited(viewer: Visitor, session: Session) -> None:
    now = datetime.now(UTC)
    make_job(session, status="queued", created_at=now - timedelta(minutes=5))
    began = now - timedelta(minutes=2)
    job = make_job(session, status="running", split_at=began, started_at=began, created_at=began - timedelta(seconds=3))
    for n, status in enumerate(("running", "queued", "queued")):
        make_part(session, job, [n], n=n, status=status)
    session.commit()
    page = plain(viewer.get("/queues"))

    assert "jobs:etl 1 1 run, 0 wait 2 1 run, 0 wait 5 min ago 3.0 s 3.0 s of 1 job" in page
    assert "No worker listens on any queue. Start one with: vigia worker" in page


def test_a_poll_of_the_same_is_empty(viewer: Visitor) -> None:
    tag = viewer.get("/queues/live").headers["ETag"]
    assert viewer.get("/queues/live", headers={"If-None-Match": tag}).status_code == 304


def test_a_pause_takes_a_reason_and_everybody_reads_it(operator: Visitor, viewer: Visitor, session: Session) -> None:
    assert "Pause the queue" in operator.get("/queues/jobs:etl/pauses/new").text
    assert operator.post("/queues/jobs:etl/pauses", reason=" ").status_code == 422
    assert operator.post("/queues/jobs:etl/pauses", reason="<b>why</b>").status_code == 303
    page = viewer.get("/queues")

    assert "Paused by operator: &lt;b&gt;why&lt;/b&gt;".removeprefix("Paused ") in page.text
    assert "Resume" not in page.text
    assert operator.get("/queues/jobs:etl/pauses/new").status_code == 409
    assert operator.post("/queues/jobs:etl/pauses", reason="mine").status_code == 409


def test_the_resume_takes_it_back(operator: Visitor, session: Session) -> None:
    paused(session)
    assert "Resume : jobs:etl" in plain(operator.get("/queues"))
    assert operator.post("/queues/jobs:etl/resumptions").status_code == 303
    session.rollback()

    assert session.scalars(select(QueuePause)).all() == []
    assert operator.post("/queues/jobs:etl/resumptions").status_code == 409


@pytest.mark.parametrize("act", ["pauses", "resumptions"])
def test_there_is_nothing_to_pause_that_is_no_queue(operator: Visitor, act: str) -> None:
    assert operator.post(f"/queues/nobody/{act}", reason="why").status_code == 404


def test_jobs_of_a_paused_queue_say_who_paused_it_and_why(viewer: Visitor, session: Session) -> None:
    job = make_job(session, status="queued")
    paused(session)
    for path in (f"/jobs/{job.id}", "/jobs", "/"):
        assert "jobs:etl is paused by marta: the price list is wrong" in plain(viewer.get(path)), path


@pytest.mark.parametrize("app", [COHERE], indirect=True)
def test_it_says_what_limits_all_workers(viewer: Visitor, session: Session, redis: Redis) -> None:
    until = datetime.now(UTC) + timedelta(minutes=5)
    session.add(Hold(name="cohere", until=until, reason="Cohere asks us to wait"))
    session.commit()
    now = int(datetime.now(UTC).timestamp() * 1e6)
    redis.rpush("limit:cohere:log", f"{now - 120_000_000}:500", f"{now - 30_000_000}:96", f"{now}:4")
    page = plain(viewer.get("/queues"))

    assert "100 of 2,000 used now" in page
    assert f"nobody calls cohere until {until:%H:%M:%S} : Cohere asks us to wait" in page
    assert "$0.00 of $50.00 spent" in page


def test_a_local_embedder_has_no_limit(viewer: Visitor) -> None:
    assert "no limit a minute and costs nothing" in plain(viewer.get("/queues"))


@pytest.mark.parametrize("app", [NO_REDIS | COHERE], indirect=True)
def test_without_redis_it_says_so_and_a_pause_holds(app: Flask, operator: Visitor) -> None:
    page = plain(operator.get("/queues"))
    assert "Redis does not answer. Who listens is not known." in page
    assert "– of 2,000 used now" in page
    assert operator.post("/queues/jobs:etl/pauses", reason="why").status_code == 303


def test_whoever_may_look_into_the_dashboard_is_led_there(viewer: Visitor) -> None:
    assert 'class="button" href="/rq/' in viewer.get("/queues").text
    assert viewer.get("/rq/").status_code == 200
