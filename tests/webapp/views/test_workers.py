"""/workers: who is there, what each works on, and what somebody wants of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from rq import Worker, worker_registration
from rq.serializers import JSONSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.jobs import register
from core.models import AuditEvent, WorkerOrder
from tests.webapp.conftest import NO_REDIS, Visitor, plain
from tests.webapp.factories import make_job, make_part

NAME = "cabra-7-0a1b"
FACTS: dict[str, str | int] = {"version": "0.1.0", "memory": 210 * 2**20, "part_memory": 340 * 2**20}


@pytest.fixture
def worker(redis: Redis) -> Iterator[Worker]:
    """A worker in the register, as one of ours is with its first beat."""
    worker = Worker(["jobs:etl"], name=NAME, connection=redis, serializer=JSONSerializer)
    worker.register_birth()  # type: ignore[no-untyped-call]
    worker.set_state("idle")
    with redis.pipeline() as pipe:
        register.add(pipe, NAME, FACTS)
        pipe.execute()
    yield worker
    worker_registration.unregister(worker)


@pytest.mark.usefixtures("worker")
def test_it_shows_each_with_its_part_and_its_memory(viewer: Visitor, session: Session) -> None:
    job = make_job(session, status="running", split_at=datetime.now(UTC))
    taken = datetime.now(UTC) - timedelta(minutes=3)
    make_part(session, job, [*range(9)], n=2, status="running", holder=NAME, claimed_at=taken, done=4, skipped=1)
    session.commit()
    page = plain(viewer.get("/workers"))

    assert NAME in page and "Vigía 0.1.0 jobs:etl Idle" in page
    assert f"{job.title} part 3, 5 of 9 · taken 3 min ago" in page
    assert "210 MB part: 340 MB" in page
    assert "Stop…" not in page


@pytest.mark.usefixtures("worker")
def test_a_poll_of_the_same_is_empty(viewer: Visitor) -> None:
    tag = viewer.get("/workers/live").headers["ETag"]
    assert viewer.get("/workers/live", headers={"If-None-Match": tag}).status_code == 304


def test_without_a_worker_it_says_how_to_start_one(viewer: Visitor) -> None:
    assert "Nothing is done until there is one. Start it with: vigia worker" in plain(viewer.get("/workers"))


@pytest.mark.parametrize("app", [NO_REDIS], indirect=True)
def test_without_redis_it_says_so(operator: Visitor) -> None:
    assert "Redis does not answer. It keeps the register of workers." in plain(operator.get("/workers"))
    assert operator.post(f"/workers/{NAME}/drains", reason="why").status_code == 503


@pytest.mark.usefixtures("worker")
def test_a_worker_is_drained_goes_on_and_is_stopped(operator: Visitor, session: Session) -> None:
    acts: list[tuple[str, dict[str, Any], str]] = [
        ("drains", {"reason": "new machine"}, "Drained operator: new machine"),
        ("resumptions", {}, "Idle nothing"),
        ("stops", {"reason": "<i>too large</i>"}, "Stopping operator: &lt;i&gt;too large&lt;/i&gt;"),
    ]
    for act, fields, shown in acts:
        assert operator.post(f"/workers/{NAME}/{act}", **fields).status_code == 303, act
        assert shown in plain(operator.get("/workers")), act
        assert operator.post(f"/workers/{NAME}/{act}", **fields).status_code == 409, act
    session.rollback()
    assert session.scalars(select(WorkerOrder.what)).all() == ["stop"]
    trail = session.scalars(select(AuditEvent).where(AuditEvent.target == f"worker:{NAME}").order_by(AuditEvent.id))
    assert [(act.action, act.reason, act.before, act.after) for act in trail] == [
        ("worker.drain", "new machine", {"order": None}, {"order": "drain"}),
        ("worker.resume", "", {"order": "drain"}, {"order": None}),
        ("worker.stop", "<i>too large</i>", {"order": None}, {"order": "stop"}),
    ]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(("act", "title"), [("drains", "Drain the worker"), ("stops", "Stop the worker")])
def test_the_page_before_it_says_what_becomes_of_its_part_and_asks_why(operator: Visitor, act: str, title: str) -> None:
    assert title in plain(operator.get(f"/workers/{NAME}/{act}/new"))
    assert operator.post(f"/workers/{NAME}/{act}", reason=" ").status_code == 422


@pytest.mark.parametrize("act", ["drains", "stops", "resumptions"])
def test_there_is_nothing_to_tell_a_worker_that_left(operator: Visitor, act: str) -> None:
    assert operator.post(f"/workers/{NAME}/{act}", reason="why").status_code == 404


@pytest.mark.usefixtures("worker")
def test_one_that_has_stopped_beating_is_silent(viewer: Visitor, redis: Redis) -> None:
    redis.expire(f"rq:worker:{NAME}", 20)
    assert "Silent" in plain(viewer.get("/workers"))
