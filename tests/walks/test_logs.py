"""A worker's real log: each line carries the ids of what it belongs to, and of nothing else."""

from __future__ import annotations

import json
import os
import signal
import uuid

import psutil

from core.access import Actor
from core.jobs.launch import launch
from core.kinds import KINDS
from tests.factories import people
from tests.standins.cohere import CohereStandIn
from tests.walks.conftest import Platform, eventually

IDS = ("request_id", "job_id", "part")


def launched(platform: Platform, request_id: str, **payload: object) -> uuid.UUID:
    kind, ana = KINDS["etl.sync"], Actor("ana", request_id=request_id)
    with platform.sessions() as session:
        return launch(session, platform.house.redis, kind, kind.payload(**payload), actor=ana).job_id


def test_every_line_carries_the_ids_of_its_part_and_none_of_another(platform: Platform, cohere: CohereStandIn) -> None:
    with platform.sessions.begin() as session:
        people(session, 1000)
    worker = platform.worker()
    first = platform.wait_over(launched(platform, "request-one", limit=900)).id
    cohere.script.latency = 1.0
    second = launched(platform, "request-two")
    eventually(lambda: len(cohere.script.calls) > 10 and psutil.Process(worker.pid).children())
    os.kill(psutil.Process(worker.pid).children()[0].pid, signal.SIGKILL)  # the worker itself has a line to write
    platform.wait_over(second)

    [log] = platform.logs.glob("*.log")
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    begun = [tuple(line.get(name) for name in IDS) for line in lines if line["event"] == "part_begins"]
    of_first, of_second = (("request-one", str(first)), ("request-two", str(second)))
    assert set(begun) == {(*of_first, 0), (*of_first, 1), (*of_second, 0)}
    outside = [
        line for line in lines if line["logger"] == "rq.worker" or line["event"] in ("horse_died", "part_recovered")
    ]
    assert {"horse_died", "part_recovered"} < {line["event"] for line in outside}
    assert all("request_id" not in line for line in outside)  # the worker itself works for nobody
    assert [line for line in lines if line not in outside and not {"request_id", "job_id"} <= line.keys()] == []
