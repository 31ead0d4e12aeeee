"""Unchanged polls are turned back before Flask; changed readers and changed jobs are not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from core.jobs import live
from core.jobs.view import view_of
from core.models import Job, Person
from tests.webapp import factories
from tests.webapp.conftest import Visitor
from webapp import door, readers
from webapp.door import Door


@pytest.fixture
def job(session: Session, redis: Redis) -> Job:
    job = factories.make_job(session, status="running")
    session.commit()
    live.publish(redis, view_of(job))
    return job


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "BUCKET_SECONDS", 1_000_000_000)
    monkeypatch.setattr(door, "SHARED_SECONDS", -1)


@pytest.fixture
def flask_asked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List what comes through the door."""
    asked: list[str] = []
    inside: Door = app.extensions["door"]
    portal = inside._portal

    def noted(environ: dict[str, Any], start_response: Any) -> Any:
        asked.append(environ["PATH_INFO"])
        return portal(environ, start_response)

    monkeypatch.setattr(inside, "_portal", noted)
    return asked


def poll(visitor: Visitor, job: Job, tag: str = "") -> TestResponse:
    return visitor.get(f"/jobs/{job.id}/progress", headers={"If-None-Match": tag, "HX-Request": "true"})


@pytest.fixture
def believed(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Say for how long a reader is believed."""

    def seconds(number: float) -> None:
        for name in ("BELIEVED_SECONDS", "PATIENCE_SECONDS"):
            monkeypatch.setattr(readers, name, number)

    seconds(3600)
    return seconds


def test_who_has_what_there_is_does_not_come_in(
    viewer: Visitor, job: Job, flask_asked: list[str], believed: Callable[[float], None]
) -> None:
    tag = poll(viewer, job).headers["ETag"]
    again = poll(viewer, job, tag)

    assert (again.status_code, again.text, again.headers["ETag"]) == (304, "", tag)
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert len(flask_asked) == 1


def test_a_change_of_the_job_lets_everybody_in(
    viewer: Visitor, job: Job, redis: Redis, session: Session, believed: Callable[[float], None]
) -> None:
    tag = poll(viewer, job).headers["ETag"]
    job.updated_at = datetime.now(UTC) + timedelta(seconds=1)
    session.commit()
    live.publish(redis, view_of(job))

    assert poll(viewer, job, tag).status_code == 200


def test_readers_of_one_job_share_a_look_into_redis(
    visitor: Callable[..., Visitor], job: Job, believed: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = [visitor("viewer", name) for name in ("one", "other")]
    tags = [poll(reader, job).headers["ETag"] for reader in readers]
    looks: list[str] = []
    monkeypatch.setattr(door, "SHARED_SECONDS", 3600)
    monkeypatch.setattr(live, "revision", lambda redis, job_id: looks.append(job_id))

    answers = [poll(reader, job, tag).status_code for reader, tag in zip(readers, tags, strict=True)]

    assert answers == [200, 200]  # what they see has another revision now
    assert len(looks) == 3  # one at the door, and one for each who was let in


def test_the_tag_of_another_is_worth_nothing(
    visitor: Callable[..., Visitor], job: Job, believed: Callable[[float], None]
) -> None:
    one, other = visitor("viewer", "one"), visitor("viewer", "other")
    tags = [poll(visitor, job).headers["ETag"] for visitor in (one, other)]

    assert tags[0] != tags[1]
    assert poll(other, job, tags[0]).status_code == 200


def test_a_stranger_with_a_tag_is_sent_to_the_login(
    app: Flask, viewer: Visitor, job: Job, believed: Callable[[float], None]
) -> None:
    tag = poll(viewer, job).headers["ETag"]
    stranger = Visitor(app.test_client(), "", "nobody")

    assert poll(stranger, job, tag).status_code == 401


def test_who_signs_out_is_out_at_once(viewer: Visitor, app: Flask, job: Job, believed: Callable[[float], None]) -> None:
    tag, copied = poll(viewer, job).headers["ETag"], viewer.client.get_cookie("vigia")
    assert copied is not None
    thief = Visitor(app.test_client(), "", "thief")
    thief.client.set_cookie("vigia", copied.value)

    viewer.post("/logout")

    assert poll(thief, job, tag).status_code == 401


def test_who_is_deactivated_elsewhere_is_out_when_believed_no_more(
    visitor: Callable[..., Visitor], job: Job, session: Session, believed: Callable[[float], None]
) -> None:
    gone, stays = visitor("viewer", "gone"), visitor("viewer", "stays")
    tags = [poll(visitor, job).headers["ETag"] for visitor in (gone, stays)]
    session.query(Person).filter_by(name="gone").update({"active": False})
    session.commit()
    believed(0)

    assert [poll(one, job, tag).status_code for one, tag in zip((gone, stays), tags, strict=True)] == [401, 304]


def test_a_new_language_is_drawn_at_once(viewer: Visitor, job: Job, believed: Callable[[float], None]) -> None:
    tag = poll(viewer, job).headers["ETag"]
    viewer.post("/preferences", language="es")

    assert poll(viewer, job, tag).status_code == 200


def test_a_new_language_is_drawn_also_once_another_page_was_opened(
    viewer: Visitor, job: Job, believed: Callable[[float], None]
) -> None:
    tag = poll(viewer, job).headers["ETag"]
    viewer.post("/preferences", language="es")
    viewer.get("/jobs")

    assert poll(viewer, job, tag).status_code == 200


def test_who_is_demoted_elsewhere_loses_the_page_of_the_old_role(
    visitor: Callable[..., Visitor], job: Job, session: Session, believed: Callable[[float], None]
) -> None:
    """Also where another page of theirs was what read the new role."""
    operator = visitor("operator", "demoted")
    tag = poll(operator, job).headers["ETag"]
    session.query(Person).filter_by(name="demoted").update({"role": "viewer"})
    session.commit()
    operator.get("/jobs")

    assert poll(operator, job, tag).status_code == 200


def test_an_address_below_which_one_asks_is_shown_to_no_other(visitor: Callable[..., Visitor], job: Job) -> None:
    """A proxy may pass on what a reader says of it; links drawn from that are the reader's own."""
    one, other = visitor("viewer", "one"), visitor("viewer", "other")
    path = f"/jobs/{job.id}/progress"

    assert "/elsewhere/jobs" in one.get(path, environ_overrides={"SCRIPT_NAME": "/elsewhere"}).text
    assert "/elsewhere" not in other.get(path).text


def test_an_answer_at_the_door_says_what_it_depends_on(
    viewer: Visitor, job: Job, believed: Callable[[float], None]
) -> None:
    first = poll(viewer, job)

    assert poll(viewer, job, first.headers["ETag"]).headers["Vary"] == first.headers["Vary"]


def test_addresses_that_fill_the_memory_are_not_kept(app: Flask, viewer: Visitor, job: Job) -> None:
    viewer.get(f"/jobs/{job.id}/progress?{'x' * door.LONGEST}")

    assert not app.extensions["door"]._seen


@pytest.mark.parametrize("status", ["queued", "running", "waiting", "completed_with_errors", "failed"])
def test_readers_of_one_role_see_the_same(
    visitor: Callable[..., Visitor], session: Session, redis: Redis, status: str
) -> None:
    """What is drawn for one is shown to all: nothing on it is anybody's own, and no token of a form."""
    job = factories.make_job(session, status=status, total=2, done=1, failed=1)
    factories.make_failure(session, job, 1, cause="cohere_timeout")  # a retry is offered
    session.commit()
    live.publish(redis, view_of(job))
    one, other = visitor("operator", "Olga of one"), visitor("operator", "Omar of the other")

    first, second = poll(one, job).text, poll(other, job).text

    assert first == second
    assert "Olga" not in second and "csrf_token" not in second
    assert "retries" in second
