"""A job as people and programs see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.jobs.view import OVER, JobView, view_of
from core.models import Job, Part

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def a_job(**values: Any) -> Job:
    """A ledger row as it comes from the database: every column has its value."""
    defaults = {
        "id": uuid4(),
        "kind": "etl.sync",
        "queue": "jobs:etl",
        "title": "Sync",
        "status": "running",
        "message": "",
        "requested_by": "ana",
        "reason": "",
        "total": None,
        "done": 0,
        "skipped": 0,
        "failed": 0,
        "steps": [],
        "tokens": 0,
        "calls": 0,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Job(**(defaults | values))


def a_view(**values: Any) -> JobView:
    return view_of(a_job(**values), now=NOW)


def step(name: str, status: str) -> dict[str, Any]:
    return {"name": name, "status": status, "total": 1, "done": 0, "skipped": 0, "failed": 0}


def test_percent_is_unknown_until_the_job_is_split() -> None:
    assert a_view(total=None).percent is None


@pytest.mark.parametrize(("status", "percent"), [("running", 0.0), ("completed", 100.0), ("cancelled", 100.0)])
def test_nothing_to_do_is_all_done_once_it_is_over(status: str, percent: float) -> None:
    assert a_view(total=0, status=status).percent == percent


def test_percent_counts_every_outcome_and_is_rounded_down() -> None:
    assert a_view(total=3000, done=2000, skipped=990, failed=9).percent == 99.9
    assert a_view(total=3000, done=2000, skipped=990, failed=10).percent == 100.0


@pytest.mark.parametrize("status", ["queued", "running", "waiting", "cancelling"])
def test_an_open_job_is_not_over(status: str) -> None:
    assert not a_view(status=status).over


@pytest.mark.parametrize("status", sorted(OVER))
def test_a_terminal_status_is_over(status: str) -> None:
    assert a_view(status=status).over


def test_a_running_job_foretells_its_end_from_its_rate() -> None:
    view = a_view(total=1000, done=400, rate=30.0, rate_at=NOW)
    assert (view.rate, view.eta_seconds) == (30.0, 20.0)


def test_an_old_rate_says_nothing() -> None:
    view = a_view(total=1000, done=400, rate=30.0, rate_at=NOW - timedelta(seconds=31))
    assert (view.rate, view.eta_seconds) == (None, None)


@pytest.mark.parametrize("values", [{"status": "waiting", "total": 9}, {"total": None}])
def test_a_job_that_waits_or_is_not_split_foretells_nothing(values: dict[str, Any]) -> None:
    assert a_view(rate=3.0, rate_at=NOW, **values).eta_seconds is None


def test_a_job_that_is_over_tells_its_average_rate() -> None:
    view = a_view(
        status="completed", total=100, done=90, skipped=10, started_at=NOW, finished_at=NOW + timedelta(seconds=4)
    )
    assert (view.rate, view.eta_seconds) == (25.0, None)


def test_a_job_over_in_no_time_has_no_rate() -> None:
    assert a_view(status="completed", total=0, started_at=NOW, finished_at=NOW).rate is None


def test_the_step_is_the_first_that_is_not_done() -> None:
    steps = [step("extract", "done"), step("embed", "running"), step("index", "queued")]
    assert a_view(steps=steps).step == "embed"
    assert a_view(steps=[step("extract", "done")]).step == ""


def test_parts_are_shown_in_their_order_and_the_retried_job_is_named() -> None:
    old = uuid4()
    parts = [Part(n=n, status="queued", total=5, done=0, skipped=0, failed=0, attempt=0, message="") for n in (2, 0, 1)]
    view = view_of(a_job(retry_of=old), parts)
    assert [part.n for part in view.parts] == [0, 1, 2]
    assert view.retry_of == str(old)
