"""Error pages: what happened, what still works, never the inside."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from core.models import Job
from core.settings import Settings
from tests.webapp.conftest import NO_POSTGRESQL, Visitor, enter, plain
from tests.webapp.factories import make_job
from webapp.security import public


class Person:  # what `enter` needs of somebody whom no database knows
    id, name, session_epoch = 1, "nobody", 0


def test_a_page_that_is_not_there(viewer: Visitor) -> None:
    answer = viewer.get("/nope")

    assert answer.status_code == 404
    assert "There is no such page" in plain(answer)


def test_a_method_that_an_address_does_not_take(viewer: Visitor) -> None:
    answer = viewer.client.delete("/jobs")

    assert answer.status_code == 405
    assert "Not possible this way" in plain(answer)


def test_an_address_that_only_takes_forms_is_not_tried_again(viewer: Visitor) -> None:
    answer = viewer.get("/sync")

    assert answer.status_code == 405
    assert "Try again" not in plain(answer)


def test_a_role_that_is_too_small(viewer: Visitor) -> None:
    answer = viewer.get("/sync/new")

    assert answer.status_code == 403
    assert "This needs the role operator; yours is viewer." in plain(answer)


def test_a_form_that_is_too_large(operator: Visitor) -> None:
    assert operator.post("/sync", scope="all", reason="x" * 600_000).status_code == 413


@pytest.mark.parametrize("path", ["/candidates?status=%00", "/failures?cause=%00", "/audit?action=%00"])
def test_a_value_that_no_row_can_hold_matches_nobody_or_is_refused(viewer: Visitor, path: str) -> None:
    assert viewer.get(path).status_code in (200, 403, 422)


def test_a_value_that_no_row_can_hold_is_refused_in_a_form(operator: Visitor) -> None:
    answer = operator.post("/failures/bulk/new", act="retry", every="1", cause="\0")

    assert answer.status_code == 422
    assert "PostgreSQL cannot store one of the values that were sent." in plain(answer)


@pytest.mark.usefixtures("short_of_patience")
def test_what_a_frozen_process_holds_is_told_from_a_database_that_is_away(operator: Visitor, session: Session) -> None:
    job = make_job(session, status="running", split_at=func.now())
    session.commit()
    session.execute(select(Job.id).where(Job.id == job.id).with_for_update())

    answer = operator.post(f"/jobs/{job.id}/cancellations", reason="wrong group")

    assert answer.status_code == 503
    assert "Another process is at it" in plain(answer)
    assert "Before you repeat a change, look whether it was made." in plain(answer)
    session.refresh(job)
    assert job.status == "running"


@pytest.mark.parametrize("app", [NO_POSTGRESQL], indirect=True)
def test_without_postgresql_the_page_says_what_still_answers(app: Flask) -> None:
    visitor = enter(app, Person())  # type: ignore[arg-type]

    for path in ("/", "/jobs", "/candidates"):
        answer = visitor.get(path)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert "PostgreSQL does not answer" in plain(answer)
        assert "Traceback" not in answer.text
    assert "Qdrant" in plain(answer)
    assert "vigia doctor" in plain(answer)


@pytest.mark.parametrize("app", [NO_POSTGRESQL], indirect=True)
def test_without_postgresql_the_portal_is_alive_and_not_ready(app: Flask) -> None:
    client = app.test_client()

    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json) == (503, {"status": "not ready", "db": False, "redis": True})


def test_with_everything_there_the_portal_is_ready(app: Flask) -> None:
    ready = app.test_client().get("/readyz")

    assert (ready.status_code, ready.json) == (200, {"status": "ready", "db": True, "redis": True})


def test_what_nobody_foresaw_tells_nothing_of_the_inside(
    settings_env: Callable[..., Settings], app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    @public
    def broken() -> str:
        raise RuntimeError("the secret is 1234")

    app.add_url_rule("/broken", view_func=broken)
    with capture_logs([merge_contextvars]) as lines:
        answer = app.test_client().get("/broken")

    assert answer.status_code == 500
    assert "1234" not in answer.text
    assert answer.headers["X-Request-ID"] in answer.text
    assert [line["event"] for line in lines] == ["request failed", "request"]
    assert {line["request_id"] for line in lines} == {answer.headers["X-Request-ID"]}


def test_scripts_get_problems_instead_of_pages(app: Flask) -> None:
    answer = app.test_client().get("/v1/admin/nope")

    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
