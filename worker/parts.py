"""Parts in this process: claimed, run, and brought to an end by what stopped them."""

from __future__ import annotations

import os
import time
import uuid

import structlog
from sqlalchemy import func, select

from core import index_state
from core.container import Container
from core.errors import Cancelled, GiveUp, HandBack, LeaseLost, TryAgain
from core.jobs import ledger, orders, part_end
from core.jobs.kind import NO_COLLECTION
from core.jobs.part_run import PartRun, Tools
from core.jobs.publish import publish
from core.kinds import KINDS
from core.models import Job, Part
from core.ports import Collection
from core.stubborn import DATABASE_AWAY
from worker import ends
from worker.away import database_away
from worker.signals import stop_requested

log = structlog.get_logger(__name__)


def run_parts(house: Container, key: uuid.UUID, first: int) -> None:
    """Run a part as far as it goes, and then others of the job while its share of time lasts.

    Another process would begin with new connections and imports; here all is warm. The messages of the others find
    nothing to claim, like that of a part which somebody holds.
    """
    end = time.monotonic() + house.settings.part_seconds
    try:
        number: int | None = first
        while number is not None and (part := _claim(house, key, number)) is not None:
            with structlog.contextvars.bound_contextvars(part=number):
                more = _run(house, part) and time.monotonic() < end
            number = _next(house, key) if more else None
    except DATABASE_AWAY as error:
        log.warning("database_away", error=type(error).__name__)  # the lease runs out, and the part is handed on


def holder() -> str:
    """Name this worker as the portal shows it."""
    return os.environ.get("RQ_WORKER_ID") or f"pid-{os.getpid()}"


def _claim(house: Container, key: uuid.UUID, n: int) -> Part | None:
    with house.sessions.begin() as session:
        return ledger.claim(session, key, n, holder=holder(), lease=house.settings.lease_seconds)


def _next(house: Container, key: uuid.UUID) -> int | None:
    """Name the next part to run; none for a worker that shall take nothing new."""
    with house.sessions() as session:
        return None if orders.order_for(session, holder()) else ledger.next_part(session, key)


def _run(house: Container, part: Part) -> bool:
    """Run a claimed part, and let the type of what stops it decide what becomes of it; True when it was finished."""
    assert part.token is not None
    ref = ledger.Ref(part.job_id, part.n, part.token)
    log.info("part_begins", attempt=part.attempt, cursor=part.cursor, total=part.total)
    with house.sessions() as session:
        publish(session, house.redis, part.job_id)
    try:
        _work(house, part)
        end: ends.End = part_end.finish
    except LeaseLost:
        log.warning("lease_lost")
        with house.sessions.begin() as session:
            index_state.doubt(session)  # what it wrote late, the tables do not know
        return False
    except HandBack as why:
        log.info("part_handed_back", why=str(why))
        end = part_end.hand_back
    except Cancelled:
        end = part_end.cancel
    except TryAgain as error:
        end = ends.waits(house, error)
    except GiveUp as error:
        end = ends.stops(error)
    except DATABASE_AWAY as error:
        end = ends.waits(house, database_away(error))
    except Exception as error:
        log.exception("part_failed")
        bug = TryAgain(f"An error that nobody expected: {type(error).__name__}", code="unexpected")
        end = ends.waits(house, bug)
    ends.write(house, ref, end)
    return end is part_end.finish


def _work(house: Container, part: Part) -> None:
    job, age = _job(house, part.job_id)
    kind = KINDS[job.kind]
    collection = _collection(house) if kind.indexes else NO_COLLECTION
    tools = Tools(
        settings=house.settings,
        sessions=house.sessions,
        lease_sessions=house.lease_sessions,
        redis=house.redis,
        embedder=house.embedder,
        index=house.index,
        claims=house.claims,
        kinds=KINDS,
    )
    payload = kind.payload.model_validate(job.payload)
    stop = stop_requested()
    with PartRun(
        part, steps=kind.steps, payload=payload, tools=tools, collection=collection, stop=stop, age=age
    ) as run:
        kind.run(run)


def _job(house: Container, key: uuid.UUID) -> tuple[Job, float]:
    """Read the job, and for how many seconds it has been asked for, by the database's clock."""
    age = func.extract("epoch", func.clock_timestamp() - Job.created_at)
    with house.sessions() as session:
        job, seconds = session.execute(select(Job, age).where(Job.id == key)).one()
    return job, float(seconds)


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
