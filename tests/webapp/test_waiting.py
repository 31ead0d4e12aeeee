"""Why a queued job waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import Babel

from core.jobs.view import JobView, view_of
from core.models import Job
from webapp.dependencies import Check
from webapp.kept import Kept
from webapp.waiting import why

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def reader() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        yield


def queued(minute: int = 0) -> JobView:
    job = Job(id=None, kind="etl.sync", queue="jobs:etl", title="t", status="queued", message="", requested_by="m")
    job.created_at = NOW + timedelta(minutes=minute)
    job.done = job.skipped = job.failed = job.tokens = job.calls = 0
    job.steps, job.reason, job.updated_at = [], "", NOW
    return view_of(job)


def workers(total: int, busy: int, *queues: str) -> Check:
    return Check("Workers", bool(total), NOW, workers=total, busy=busy, queues=frozenset(queues))


@pytest.mark.parametrize(
    ("check", "others", "sentence"),
    [
        (Check("Workers", False, NOW, said="ConnectionError"), 0, "Redis does not answer"),
        (workers(0, 0), 0, "No worker listens on jobs:etl."),
        (workers(1, 0, "jobs:other"), 0, "No worker listens on jobs:etl."),
        (workers(2, 2, "jobs:etl"), 1, "1 job is before it."),
        (workers(2, 2, "jobs:etl"), 2, "2 jobs are before it."),
        (workers(2, 2, "jobs:etl"), 0, "Every worker is busy."),
        (workers(2, 1, "jobs:etl"), 0, "A worker takes it in a moment."),
    ],
)
def test_a_queued_job_has_one_reason(check: Check, others: int, sentence: str) -> None:
    before = [queued(-n - 1) for n in range(others)]

    assert why(queued(), [*before, queued(), queued(5)], [check]).startswith(sentence)


def test_who_does_not_wait_has_no_reason() -> None:
    assert why(replace(queued(), status="running"), [], [workers(0, 0)]) == ""
    assert why(replace(queued(), message="Limit reached."), [], [workers(0, 0)]) == ""


def test_what_is_kept_is_read_once() -> None:
    reads: list[int] = []

    def read() -> int:
        reads.append(1)
        return len(reads)

    kept: Kept[int] = Kept(seconds=60)

    assert [kept.get(read), kept.get(read)] == [1, 1]
    assert kept.put(7) == 7
    assert kept.get(read) == 7


def test_what_is_kept_too_long_is_read_again() -> None:
    kept: Kept[object] = Kept(seconds=-1)

    assert kept.get(object) is not kept.get(object)
