"""How a part ended, written into the ledger."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog
from sqlalchemy.orm import Session

from core import index_state
from core.container import Container
from core.errors import GiveUp, LeaseLost, TryAgain
from core.jobs import job_end, ledger, part_end, standstill
from core.jobs.backoff import Backoff, again
from core.jobs.publish import ring
from core.models import Job, Part
from core.stubborn import stubborn

log = structlog.get_logger(__name__)

End = Callable[[Session, Job, ledger.Ref], None]


def waits(house: Container, error: TryAgain) -> End:
    """The part is tried again later, or is given up when it was tried often enough."""
    own = house.settings
    patience = Backoff(own.retry_attempts, own.retry_first_seconds, own.retry_most_seconds)
    return partial(again, error=error, backoff=patience)


def stops(error: GiveUp) -> End:
    """The whole job is stopped: the same work would fail in every part."""
    return partial(_stop, code=error.code, detail=str(error))


def write(house: Container, ref: ledger.Ref, end: End) -> None:
    """Write how the part ended; a database that is away is waited for as long as the lease may last."""

    def act() -> None:
        with house.sessions.begin() as session:
            end(session, ledger.lock(session, ref.job_id), ref)

    try:
        stubborn(act, seconds=house.settings.lease_seconds)
    except LeaseLost:
        log.warning("lease_lost")
        return
    with house.sessions() as session:
        view = standstill.tell(session, house.redis, ref.job_id)
        if end is part_end.hand_back and not view.over:
            _hand_on(session, house, ref)


def _stop(session: Session, job: Job, ref: ledger.Ref, *, code: str, detail: str) -> None:
    index_state.doubt(session)
    job_end.stop(session, job, code=code, detail=detail)
    part_end.fail(session, job, ref, code=code, detail=job.error_detail or detail)


def _hand_on(session: Session, house: Container, ref: ledger.Ref) -> None:
    part = session.get_one(Part, (ref.job_id, ref.n))
    if part.status == "queued":
        ring(session, house.redis, ledger.find(session, ref.job_id), [part])
