"""The functions that RQ calls, and nothing else may it call; and what is done when the process of one dies."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog
from rq.job import Job as Message
from sqlalchemy import select

from core.container import Container, fresh
from core.jobs import ledger, queues
from core.jobs.recover import recover
from core.models import Job
from core.stubborn import DATABASE_AWAY
from worker.cutting import cut
from worker.parts import holder, run_parts

log = structlog.get_logger(__name__)


def run_job(job_id: str) -> None:
    """Cut a job into parts and run the first here, where all is warm. A second message finds nothing to do."""
    with _named(job_id) as (house, key):
        if cut(house, key):
            run_parts(house, key, 0)


def run_part(job_id: str, n: int) -> None:
    """Run a part, and then others of the job."""
    with _named(job_id) as (house, key):
        run_parts(house, key, n)


def part_died(message: Message, pid: int, status: int, _usage: object) -> None:
    """RQ saw the process of a job die: hand on at once what it held, without waiting for the lease."""
    if message.func_name not in queues.ALLOWED:
        return
    job_id = uuid.UUID(message.args[0])
    log.warning("horse_died", job_id=str(job_id), pid=pid, status=status)
    house = fresh()
    try:
        with house.sessions() as session:
            for n in ledger.held_by(session, job_id, holder()):
                recover(session, house.redis, job_id, n, holder=holder())
    except DATABASE_AWAY as error:  # raised on, it would end the worker; the lease runs out as well
        log.warning("part_not_recovered", job_id=str(job_id), error=type(error).__name__)


@contextmanager
def _named(job_id: str) -> Iterator[tuple[Container, uuid.UUID]]:
    """Put the ids of the job and of the request that launched it in every line of the log, and clear them after it."""
    house, key = fresh(), uuid.UUID(job_id)
    with structlog.contextvars.bound_contextvars(job_id=job_id, request_id=_request_of(house, key)):
        yield house, key


def _request_of(house: Container, key: uuid.UUID) -> str | None:
    with suppress(*DATABASE_AWAY), house.sessions() as session:
        return session.scalar(select(Job.request_id).where(Job.id == key))
    return None
