"""Rows that a frozen process holds: nobody waits for them long, and what was done is not called undone."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.jobs import queues
from core.models import Job
from tests.webapp.api.conftest import Script
from tests.webapp.api.test_problems import problem
from tests.webapp.factories import START, make_job
from webapp.extensions import db

pytestmark = pytest.mark.usefixtures("short_of_patience")


@pytest.fixture
def frozen(app: Flask) -> Iterator[Session]:
    """A session of who is frozen in mid write."""
    with app.app_context():
        engine = db.engine
    with Session(engine) as session:
        yield session


def hold(frozen: Session, job_id: UUID) -> None:
    frozen.execute(select(Job.id).where(Job.id == job_id).with_for_update())


def test_a_job_that_a_frozen_process_holds_is_503_and_another_time_it_goes(
    operator: Script, session: Session, frozen: Session
) -> None:
    job = make_job(session, status="running", split_at=func.now())
    session.commit()
    hold(frozen, job.id)

    answer = operator.post(f"/jobs/{job.id}/cancellations")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert problem(answer)["type"] == "urn:vigia:problem:row_held"
    assert problem(answer)["detail"] == "Another process is at it. Try again in 5 s."
    session.refresh(job)
    assert job.status == "running"
    frozen.rollback()
    assert operator.post(f"/jobs/{job.id}/cancellations").status_code == 202


def test_a_cancellation_is_done_though_the_next_in_line_is_held(
    operator: Script, session: Session, frozen: Session
) -> None:
    mine = {"requested_by": "token:nightly", "split_at": None}
    first = make_job(session, status="queued", rung_at=START, **mine)
    following = make_job(session, status="waiting", **mine)
    session.commit()
    hold(frozen, following.id)

    answer = operator.post(f"/jobs/{first.id}/cancellations")

    assert (answer.status_code, answer.json["status"]) == (202, "cancelled")  # type: ignore[index]
    session.refresh(following)
    assert following.status == "waiting"  # the reconciler rings for it


def test_a_launch_is_done_though_nobody_could_note_that_its_bell_was_rung(
    operator: Script, session: Session, frozen: Session
) -> None:
    with patch.object(queues, "ring_job", side_effect=lambda redis, queue, job_id: hold(frozen, job_id)):
        answer = operator.post("/etl/sync")

    assert answer.status_code == 202
    job = session.get_one(Job, UUID(answer.json["job_id"]))  # type: ignore[index]
    assert (job.status, job.rung_at) == ("queued", None)  # the reconciler rings again
