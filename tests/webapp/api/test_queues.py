"""Queues for scripts."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.kinds import QUEUES
from tests.webapp.api.conftest import Script
from tests.webapp.factories import make_job


def test_every_queue_is_listed_with_what_is_in_it(reader: Script, session: Session) -> None:
    make_job(session, status="queued")
    session.commit()
    answer = reader.get("/queues").json
    assert answer is not None
    assert [item["name"] for item in answer["items"]] == sorted(QUEUES)
    assert answer["items"][0]["jobs"] == {"queued": 1, "running": 0, "waiting": 0}
    assert answer["items"][0]["workers"] == []
    assert answer["limits"]["inputs_per_minute"] == 0


def test_a_queue_is_paused_and_goes_on(operator: Script) -> None:
    paused = operator.post("/queues/jobs:etl/pauses", {"reason": "why"})
    assert paused.status_code == 200 and paused.json is not None
    assert paused.json["pause"]["reason"] == "why"
    assert operator.post("/queues/jobs:etl/pauses", {"reason": "again"}).status_code == 409

    resumed = operator.post("/queues/jobs:etl/resumptions", {})
    assert resumed.status_code == 200 and resumed.json is not None
    assert resumed.json["pause"] is None
    assert operator.post("/queues/jobs:etl/resumptions", {}).status_code == 409


def test_a_pause_says_why_and_of_which_queue(operator: Script) -> None:
    for body in ({}, {"reason": " "}, {"reason": "a\0b"}, {"reason": "x" * 1001}, {"why": "x"}):
        assert operator.post("/queues/jobs:etl/pauses", body).status_code == 422
    assert operator.post("/queues/nobody/pauses", {"reason": "why"}).status_code == 404
