"""The functions that RQ calls, and nothing else may it call. They carry jobs and parts from state to state."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
import structlog
from rq.job import Job as Message
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from core import index_state
from core.container import Container, fresh
from core.errors import Cancelled, GiveUp, HandBack, LeaseLost, TryAgain
from core.jobs import ledger
from core.jobs.kind import Backoff, JobKind
from core.jobs.part_run import PartRun, Tools
from core.jobs.publish import publish, ring
from core.jobs.reconcile import recover
from core.jobs.retry import selection_of
from core.jobs.split import alone, split
from core.kinds import KINDS
from core.models import Job, Part
from core.pipeline import census
from core.ports import Collection
from worker.signals import stop_requested
from worker.stubborn import stubborn

log = structlog.get_logger(__name__)

# What it looks like when PostgreSQL is away; on the hot paths the driver speaks for itself.
AWAY = (OperationalError, InterfaceError, PoolTimeoutError, psycopg.OperationalError, psycopg.InterfaceError)

End = Callable[[Session, Job, ledger.Ref], None]


def run_job(job_id: str) -> None:
    """Cut a job into parts and ring for each. A second message finds nothing to do."""
    key = uuid.UUID(job_id)
    house = fresh()
    structlog.contextvars.bind_contextvars(job_id=job_id)
    try:
        _split(house, key)
    except TryAgain as error:
        log.warning("split_waits", error=str(error))
        _say(house, key, f"Waits for a dependency: {error}")  # the reconciler rings again
    except GiveUp as error:
        _fail_unsplit(house, key, error.code, str(error))
    except AWAY as error:
        log.warning("split_waits", error=type(error).__name__)  # the reconciler rings again
    except Exception as error:
        log.exception("split_failed")
        _fail_unsplit(house, key, "unexpected", f"The job could not be cut into parts: {type(error).__name__}.")
    finally:
        structlog.contextvars.clear_contextvars()


def run_part(job_id: str, n: int) -> None:
    """Run a part as far as it goes, and then others of the job while its share of time lasts.

    Another process would begin with new connections and imports; here all is warm. The messages of the others find
    nothing to claim, like that of a part which somebody holds.
    """
    key = uuid.UUID(job_id)
    house = fresh()
    end = time.monotonic() + house.settings.part_seconds
    structlog.contextvars.bind_contextvars(job_id=job_id)
    try:
        number: int | None = n
        while number is not None and (part := _claim(house, key, number)) is not None:
            structlog.contextvars.bind_contextvars(part=number)
            more = _run(house, part, KINDS[_kind_of(house, key)]) and time.monotonic() < end
            number = _next(house, key) if more else None
    except AWAY as error:
        log.warning("database_away", error=type(error).__name__)  # the lease runs out, and the part is handed on
    finally:
        structlog.contextvars.clear_contextvars()


def part_died(message: Message, pid: int, status: int, _usage: object) -> None:
    """RQ saw the process of a part die: hand on at once what it held, without waiting for the lease."""
    if message.func_name != "worker.run.run_part":
        return
    job_id = uuid.UUID(message.args[0])
    log.warning("horse_died", job_id=str(job_id), pid=pid, status=status)
    house = fresh()
    with house.sessions() as session:
        for n in ledger.held_by(session, job_id, _holder()):
            recover(session, house.redis, job_id, n, holder=_holder())


def _split(house: Container, key: uuid.UUID) -> None:
    with house.sessions() as session:
        job = ledger.find(session, key)
    kind = KINDS[job.kind]
    payload = kind.payload.model_validate(job.payload)
    collection = _ensure(house)
    with house.sessions.begin() as session:
        own = kind.split(payload, collection)
        rivals = [name for name, other in KINDS.items() if other.record_kind == kind.record_kind]
        done = split(
            session,
            key,
            lambda job: selection_of(session, job, own),
            part_size=house.settings.part_size,
            rivals=rivals,
        )
        if done:
            ledger.find(session, key).model = collection.model
    if done:
        with house.sessions() as session:
            publish(session, house.redis, key)
            parts = ledger.parts_of(session, key)
            if parts:
                ring(session, house.redis, ledger.find(session, key), parts)


def _ensure(house: Container) -> Collection:
    """Return the collection of the configured model, with the tables made to agree with what is in it."""
    alias, embedder = house.settings.collection, house.embedder
    collection = house.index.ensure(alias, embedder.model, embedder.dimension)
    census.take_if_in_doubt(house.index, house.sessions, collection.name, hold_still=alone)
    return collection


def _claim(house: Container, key: uuid.UUID, n: int) -> Part | None:
    with house.sessions.begin() as session:
        return ledger.claim(session, key, n, holder=_holder(), lease=house.settings.lease_seconds)


def _next(house: Container, key: uuid.UUID) -> int | None:
    with house.sessions() as session:
        return ledger.next_part(session, key)


def _run(house: Container, part: Part, kind: JobKind) -> bool:
    """Run a claimed part, and let the type of what stops it decide what becomes of it; True when it was finished."""
    assert part.token is not None
    ref = ledger.Ref(part.job_id, part.n, part.token)
    log.info("part_begins", kind=kind.name, attempt=part.attempt, cursor=part.cursor, total=part.total)
    _publish(house, ref)
    try:
        collection = _collection(house)
        tools = Tools(
            settings=house.settings,
            sessions=house.sessions,
            redis=house.redis,
            embedder=house.embedder,
            index=house.index,
            claims=house.claims,
        )
        payload = kind.payload.model_validate(_payload_of(house, part.job_id))
        with PartRun(
            part, steps=kind.steps, payload=payload, tools=tools, collection=collection, stop=stop_requested()
        ) as run:
            kind.run(run)
        end: End = ledger.finish
    except LeaseLost:
        log.warning("lease_lost")
        with house.sessions.begin() as session:
            index_state.doubt(session)  # what it wrote late, the tables do not know
        return False
    except HandBack as why:
        log.info("part_handed_back", why=str(why))
        end = ledger.hand_back
    except Cancelled:
        end = ledger.cancel_part
    except TryAgain as error:
        end = partial(_again, error=error, backoff=_backoff(house))
    except GiveUp as error:
        end = partial(_give_up, code=error.code, detail=str(error))
    except AWAY as error:
        away = TryAgain(f"PostgreSQL did not answer ({type(error).__name__})", code="database_away")
        end = partial(_again, error=away, backoff=_backoff(house))
    except Exception as error:
        log.exception("part_failed")
        bug = TryAgain(f"An error that nobody expected: {type(error).__name__}", code="unexpected")
        end = partial(_again, error=bug, backoff=_backoff(house))
    _end(house, ref, end)
    return end is ledger.finish


def _again(session: Session, job: Job, ref: ledger.Ref, *, error: TryAgain, backoff: Backoff) -> None:
    """Let the part wait, or fail it when it has waited often enough; a wait for our own pace uses up nothing."""
    part = session.get_one(Part, (ref.job_id, ref.n), populate_existing=True)
    stopping = job.status == "cancelling" or job.error_code
    if not stopping and not error.paced and part.tries + 1 >= backoff.attempts:
        detail = f"Gave up after {part.tries + 1} tries: {error}"
        ledger.fail(session, job, ref, code=error.code, detail=detail)
        ledger.set_part_aside(session, part, cause=error.code, reason=detail)
        index_state.doubt(session)
        ledger.tell(session, job.id, detail, part=ref.n, level="error")
        return
    if error.code.startswith("qdrant_"):
        index_state.doubt(session)  # a write may have been applied whose answer was lost
    seconds = max(error.after or 0.0, 0.0 if error.paced else backoff.delay(part.tries + 1))
    until = ledger.wait(session, job, ref, seconds=seconds, message=str(error), counts=not error.paced)
    if until is not None and not error.paced:
        ledger.tell(session, job.id, f"Waits until {until:%H:%M:%S} UTC: {error}", part=ref.n, level="wait")


def _give_up(session: Session, job: Job, ref: ledger.Ref, *, code: str, detail: str) -> None:
    """Stop the whole job: the same work would fail in every part."""
    index_state.doubt(session)
    ledger.stop(session, job, code=code, detail=detail)
    ledger.fail(session, job, ref, code=code, detail=job.error_detail or detail)


def _end(house: Container, ref: ledger.Ref, end: End) -> None:
    """Write how the part ended; a database that is away is waited for as long as the lease may last."""

    def write() -> None:
        with house.sessions.begin() as session:
            end(session, ledger.lock(session, ref.job_id), ref)

    try:
        stubborn(write, seconds=house.settings.lease_seconds)
    except LeaseLost:
        log.warning("lease_lost")
        return
    _publish(house, ref)
    if end is ledger.hand_back:
        with house.sessions() as session:
            part = session.get_one(Part, (ref.job_id, ref.n))
            if part.status == "queued":
                ring(session, house.redis, ledger.find(session, ref.job_id), [part])


def _collection(house: Container) -> Collection:
    alias, embedder = house.settings.collection, house.embedder
    found = house.index.current(alias)
    if found is None:
        raise GiveUp(
            f"The collection behind {alias!r} is gone. Launch a new sync: it makes the collection and fills it.",
            code="collection_missing",
        )
    if (found.model, found.dimension) != (embedder.model, embedder.dimension):
        return house.index.ensure(alias, embedder.model, embedder.dimension)  # refuses, with the cure
    return found


def _publish(house: Container, ref: ledger.Ref) -> None:
    with house.sessions() as session:
        publish(session, house.redis, ref.job_id)


def _say(house: Container, key: uuid.UUID, message: str) -> None:
    with house.sessions.begin() as session:
        job = ledger.lock(session, key)
        if job.status == "queued" and job.split_at is None:
            job.message, job.updated_at = message, ledger.now(session)
    with house.sessions() as session:
        publish(session, house.redis, key)


def _fail_unsplit(house: Container, key: uuid.UUID, code: str, detail: str) -> None:
    with house.sessions.begin() as session:
        job = ledger.lock(session, key)
        if job.status == "queued" and job.split_at is None:
            ledger.end_unsplit(session, job, status="failed", message=detail, code=code)
    with house.sessions() as session:
        publish(session, house.redis, key)


def _kind_of(house: Container, key: uuid.UUID) -> str:
    with house.sessions() as session:
        return ledger.find(session, key).kind


def _payload_of(house: Container, key: uuid.UUID) -> dict[str, Any]:
    with house.sessions() as session:
        return ledger.find(session, key).payload


def _backoff(house: Container) -> Backoff:
    settings = house.settings
    return Backoff(settings.retry_attempts, settings.retry_first_seconds, settings.retry_most_seconds)


def _holder() -> str:
    """Name this worker as the portal shows it."""
    return os.environ.get("RQ_WORKER_ID") or f"pid-{os.getpid()}"
