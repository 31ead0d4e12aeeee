"""Why what stands still stands still, as the portal and the API say it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask_babel import Babel
from redis import Redis
from rq import Worker
from rq.serializers import JSONSerializer
from sqlalchemy.orm import Session

from core.jobs.explain import SENTENCES, Wait, explain
from core.jobs.listeners import Listener
from core.jobs.view import JobView, view_of
from core.models import Job
from tests.webapp import factories
from tests.webapp.conftest import NO_REDIS, Visitor, plain
from webapp.kept import Kept
from webapp.sentences import local
from webapp.waiting import look_of, ranges, say

LATER = datetime(2131, 2, 3, 12, 4, 10, tzinfo=UTC)
BUSY = Listener("w-1", frozenset({"jobs:etl"}), True)


@pytest.fixture
def reader() -> Iterator[Callable[[str], None]]:
    """A request of somebody whose clock is in the zone that is given."""
    app = Flask(__name__)
    Babel(app)
    contexts = []

    def enter(zone: str) -> None:
        contexts.append(app.test_request_context(headers={"Cookie": f"zone={zone}"}))
        contexts[-1].push()

    enter("UTC")
    yield enter
    for context in reversed(contexts):
        context.pop()


def view(status: str, message: str = "") -> JobView:
    job = Job(kind="etl.sync", queue="jobs:etl", title="t", status=status, message=message, requested_by="m")
    job.created_at = job.updated_at = LATER
    job.done = job.skipped = job.failed = job.tokens = job.calls = 0
    job.steps, job.reason = [], ""
    return view_of(job)


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("heard", [None, [], [BUSY], [replace(BUSY, busy=False)]])
@pytest.mark.parametrize("before", [0, 1, 2])
def test_the_portal_says_what_the_core_says(heard: list[Listener] | None, before: int) -> None:
    wait = explain(view("queued"), before=before, heard=heard)

    assert wait is not None and wait.code in SENTENCES
    assert say(wait) == wait.sentence


def test_times_are_put_on_the_readers_clock(reader: Callable[[str], None]) -> None:
    said = "Waits until 23:04:10 UTC: Cohere asks us to wait."
    assert local(said) == said
    reader("Asia/Tokyo")
    assert local(said) == "Waits until 08:04:10 JST: Cohere asks us to wait."
    assert say(Wait("told", said)) == local(said)
    assert local("until 2031-02-03 23:04:10 UTC (429)") == "until 4 Feb 08:04:10 JST (429)"
    assert local("until 2031-02-30 23:04:10 UTC") == "until 2031-02-30 23:04:10 UTC"
    assert local("at 29:00:00 UTC, 112:04:10 UTC") == "at 29:00:00 UTC, 112:04:10 UTC"


def test_who_does_not_wait_has_no_sentence() -> None:
    assert say(None) == ""


def test_a_sentence_looks_as_grave_as_it_is() -> None:
    queued, running = view("queued"), view("running", "Recovering: its worker died. The other parts go on.")
    assert look_of(queued, Wait("no_worker", "")).state == "bad"
    assert look_of(queued, Wait("jobs_before", "")).state == "off"
    assert look_of(running, None).state == "wait"
    assert look_of(replace(running, message=""), None).state == "run"


@pytest.mark.parametrize(
    ("numbers", "written"), [([3], "3"), ([1, 2, 3], "1–3"), ([1, 3, 4, 9], "1, 3–4, 9"), ([], "")]
)
def test_numbers_are_written_as_ranges(numbers: list[int], written: str) -> None:
    assert ranges(numbers) == written


@pytest.fixture
def waiting_job(session: Session) -> Job:
    """A job whose second part waits for Cohere, whose third recovers and whose last nobody has taken yet."""
    job = factories.make_job(session, status="running", total=40, split_at=factories.START)
    factories.make_part(session, job, [1], n=0, status="running")
    factories.make_part(session, job, [2], n=1, status="waiting", message="Cohere asks us to wait", not_before=LATER)
    factories.make_part(session, job, [3], n=2, message="recovering: its worker died", deaths=1)
    for n in (3, 4):
        factories.make_part(session, job, [n], n=n)
    session.commit()
    return job


def work(redis: Redis) -> None:
    worker = Worker(["jobs:etl"], connection=redis, serializer=JSONSerializer, name="w-1")
    worker.register_birth()
    worker.set_state("busy")


def test_every_part_that_stands_still_says_why(viewer: Visitor, redis: Redis, waiting_job: Job) -> None:
    work(redis)

    shown = plain(viewer.get(f"/jobs/{waiting_job.id}"))

    assert "Part 2 Waits until 3 Feb 12:04:10 UTC: Cohere asks us to wait." in shown
    assert "Part 3 Recovering: its worker died." in shown
    assert "Parts 4–5 Every worker is busy; the next free one takes it." in shown


def test_a_queued_job_says_why_on_every_page_that_shows_it(viewer: Visitor, redis: Redis, session: Session) -> None:
    first, second = (factories.make_job(session, status="queued") for _ in range(2))
    session.commit()
    work(redis)

    for path in (f"/jobs/{second.id}", "/jobs", "/"):
        assert "1 job is before it." in plain(viewer.get(path))
    assert "Every worker is busy" in plain(viewer.get(f"/jobs/{first.id}"))


@pytest.mark.parametrize("app", [NO_REDIS], indirect=True)
def test_a_queued_job_says_that_redis_is_away(viewer: Visitor, session: Session) -> None:
    job = factories.make_job(session, status="queued")
    session.commit()

    page = viewer.get(f"/jobs/{job.id}")
    assert "Redis does not answer, so workers cannot be told." in plain(page)
    assert '<div class="banner" data-state="bad">' in page.text


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
