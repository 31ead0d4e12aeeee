"""A job is cut into parts: what it works on is chosen now, by the collection that it will write to."""

from __future__ import annotations

import uuid

import structlog

from core.container import Container
from core.errors import GiveUp, TryAgain
from core.jobs import job_end, ledger, paused, standstill, turns
from core.jobs.kind import NO_COLLECTION, rivals_of
from core.jobs.publish import publish, ring
from core.jobs.retry import selection_of
from core.jobs.split import alone, split
from core.kinds import KINDS
from core.pipeline import census
from core.ports import Collection
from core.stubborn import DATABASE_AWAY

log = structlog.get_logger(__name__)


def cut(house: Container, key: uuid.UUID) -> bool:
    """Cut a job and ring for all parts but the first, which is the caller's to run; False when there is none."""
    try:
        return _cut(house, key)
    except TryAgain as error:
        log.warning("split_waits", error=str(error))
        _say(house, key, f"Waits for a dependency: {error}")  # the reconciler rings again
    except GiveUp as error:
        _fail(house, key, error.code, str(error))
    except DATABASE_AWAY as error:
        log.warning("split_waits", error=type(error).__name__)  # the reconciler rings again
    except Exception as error:
        log.exception("split_failed")
        _fail(house, key, "unexpected", f"The job could not be cut into parts: {type(error).__name__}.")
    return False


def _cut(house: Container, key: uuid.UUID) -> bool:
    with house.sessions() as session:
        job = ledger.find(session, key)
        if not turns.is_whole(job) or paused.pause_of(session, job.queue):
            return False
    kind = KINDS[job.kind]
    payload = kind.payload.model_validate(job.payload)
    collection = _ensure(house) if kind.indexes else NO_COLLECTION
    with house.sessions.begin() as session:
        own = kind.split(payload, collection)
        done = split(
            session,
            key,
            lambda job: selection_of(session, job, own),
            part_size=house.settings.part_size,
            call=house.embedder.batch if kind.indexes else 1,
            rivals=rivals_of(kind, KINDS),
        )
        if done and kind.indexes:
            ledger.find(session, key).model = collection.model
    with house.sessions() as session:
        standstill.tell(session, house.redis, key)
        parts = ledger.parts_of(session, key) if done else []
        if parts[1:]:
            ring(session, house.redis, ledger.find(session, key), parts[1:])
    return bool(parts)


def _ensure(house: Container) -> Collection:
    """Return the collection of the configured model, with the tables made to agree with what is in it."""
    alias, embedder = house.settings.collection, house.embedder
    collection = house.index.ensure(alias, embedder.model, embedder.dimension)
    census.take_if_in_doubt(house.index, house.sessions, collection.name, hold_still=alone)
    return collection


def _say(house: Container, key: uuid.UUID, message: str) -> None:
    with house.sessions.begin() as session:
        job = ledger.lock(session, key)
        if turns.is_whole(job):
            job.status, job.message, job.updated_at = "waiting", message, ledger.now(session)
    with house.sessions() as session:
        publish(session, house.redis, key)


def _fail(house: Container, key: uuid.UUID, code: str, detail: str) -> None:
    with house.sessions.begin() as session:
        job = ledger.lock(session, key)
        if turns.is_whole(job):
            job_end.end_unsplit(session, job, status="failed", message=detail, code=code)
    with house.sessions() as session:
        standstill.tell(session, house.redis, key)
