"""A part is taken from a holder that died, and handed on."""

from __future__ import annotations

import uuid

import structlog
from redis import Redis
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from core import claims, index_state
from core.jobs import figures, ledger, part_end, standstill
from core.jobs.publish import ring
from core.jobs.settle import settle
from core.models import Job, Part

log = structlog.get_logger(__name__)


def recover(session: Session, redis: Redis, job_id: uuid.UUID, n: int, *, holder: str | None = None) -> None:
    """Take a part from a holder that died, and hand it on; after three deaths without progress set it aside. Commits.

    `holder` names a worker whose process is known to be dead; without it, only a lease that has run out is taken.
    """
    job = ledger.lock(session, job_id)
    part = _dead(session, job_id, n, holder)
    if part is None:
        session.rollback()
        return
    assert part.token is not None
    owner = claims.owner_of(job_id, n, part.token)
    _take_back(session, job, part)
    index_state.doubt(session)  # it may have written points that it could not tell of
    settle(session, job)
    session.commit()
    claims.free(redis, owner)
    standstill.tell(session, redis, job_id)
    if part.status == "queued":
        ring(session, redis, job, [part])
    log.warning("part_recovered", job_id=str(job_id), part=n, deaths=part.deaths, status=part.status)


def _dead(session: Session, job_id: uuid.UUID, n: int, holder: str | None) -> Part | None:
    """Find the part when its lease has run out, or when this is its holder."""
    dead = or_(Part.lease_until < func.clock_timestamp(), Part.holder == holder)
    held = select(Part).where(Part.job_id == job_id, Part.n == n, Part.status == "running", dead)
    return session.scalars(held.with_for_update()).one_or_none()


def _take_back(session: Session, job: Job, part: Part) -> None:
    """Take a part from its holder, tell of it, and queue it again; one that kills its workers is set aside."""
    silence = f"{part.holder} stopped answering with part {part.n + 1}."
    ledger.tell(session, job.id, silence, part=part.n, level="error", lost_worker=part.holder)
    deaths = part.deaths + 1
    reason = f"Part {part.n + 1} killed its worker {deaths} times; its records may be too large, or one crashes us."
    poisonous = deaths >= ledger.MOST_DEATHS
    again = part_end.failed_values("part_kills_worker", reason) if poisonous else part_end.RECOVERING
    session.execute(
        update(Part)
        .where(Part.job_id == job.id, Part.n == part.n)
        .values(deaths=deaths, **part_end.unless_stopping(job, again))
        .execution_options(synchronize_session=False)
    )
    session.refresh(part)
    figures.recovery(session, job)
    figures.parts(session, job, [part])
    if part.error_code == "part_kills_worker":
        part_end.set_aside(session, part, cause="part_kills_worker", reason=reason)
        ledger.tell(session, job.id, reason, part=part.n, level="error")
