"""8: API, live hash and ledger say the same of every job."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.jobs import live
from core.models import Job

if TYPE_CHECKING:
    from tests.chaos.run import Run

SECONDS = 5.0
NAMES = ("total", "done", "skipped", "failed")


def copies_agree(run: Run) -> Iterator[str]:
    with run.house.sessions() as session:
        jobs = list(session.query(Job))
    end = time.monotonic() + SECONDS  # the reconciler has its interval to copy again
    while time.monotonic() < end and any(_in_redis(run, job) != _in_ledger(job) for job in jobs):
        run.crew.look()
        time.sleep(0.2)
    for job in jobs:
        ledger_says = _in_ledger(job)
        for place, says in (("Redis", _in_redis(run, job)), ("the API", _in_api(run, job))):
            if says != ledger_says:
                yield f"{job.id} is {ledger_says} in the ledger, in {place} {says}"


def _in_ledger(job: Job) -> object:
    return [job.status, *(getattr(job, name) for name in NAMES)]


def _in_redis(run: Run, job: Job) -> object:
    copy = live.read(run.house.redis, str(job.id))
    return copy and [copy.status, *(getattr(copy, name) for name in NAMES)]


def _in_api(run: Run, job: Job) -> object:
    answer = run.portal.job(str(job.id))
    return answer and [answer["status"], *(answer["progress"][name] for name in NAMES)]
