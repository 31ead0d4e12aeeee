"""Jobs that may not go on though nothing of them failed: they wait, say why, and go on when they may.

A job that is not cut yet waits for its turn, or for its queue to be resumed; it is `put off` until somebody rings for
it. One that is cut waits for its queue as `settle` says.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from functools import partial

from redis import Redis
from sqlalchemy import and_, literal, or_, select
from sqlalchemy.orm import Session

from core.jobs import ledger, paused, queues, turns
from core.jobs.publish import publish, ring
from core.jobs.settle import settle
from core.jobs.view import JobView
from core.models import Job, Part

PUT_OFF = and_(Job.status == "waiting", Job.rung_at.is_(None))  # of those that are not cut yet


def put_off(session: Session, job_id: uuid.UUID) -> bool:
    """Let a job that is not cut yet wait where it may not begin; False where it may."""
    why = _hindrance(session, job_id)
    if not why:
        return False
    job = ledger.lock(session, job_id)
    if turns.is_whole(job) and (job.message, job.rung_at) != (why, None):
        job.status, job.message, job.rung_at = "waiting", why, None
        job.updated_at = ledger.now(session)
    return True


def tell(session: Session, redis: Redis, job_id: uuid.UUID) -> JobView:
    """Publish a job, and return it; where it is over by now, it is another's turn. Commits."""
    view = publish(session, redis, job_id)
    if view.over:
        ring_next(session, redis, view.requested_by)
    return view


def ring_next(session: Session, redis: Redis, person: str) -> None:
    """Ring for the jobs of a person whose turn has come, for one of theirs has ended. Commits."""
    mine = select(Job.id).where(turns.WHOLE, PUT_OFF, Job.id.in_(turns.first(literal(person))))
    due = session.scalars(mine.order_by(Job.created_at)).all()
    session.commit()
    for job_id in due:
        ledger.unless_locked(session, job_id, partial(let_go, session, redis, job_id))


def let_go(session: Session, redis: Redis, job_id: uuid.UUID, called: Collection[str] = ()) -> None:
    """Ring for a job that was put off, where it may begin by now; `called` are messages on their way. Commits."""
    if put_off(session, job_id):
        session.commit()
        publish(session, redis, job_id)
        return
    job, on_its_way = ledger.lock(session, job_id), queues.job_message(job_id) in called
    if not turns.is_whole(job) or job.rung_at is not None:
        session.commit()
        return
    job.status, job.message, job.updated_at = "queued", "", ledger.now(session)
    job.rung_at = job.updated_at if on_its_way else None
    session.commit()
    publish(session, redis, job_id)
    if not on_its_way:
        ring(session, redis, job)


def unlike_their_queue(session: Session, queue: str | None = None) -> Sequence[uuid.UUID]:
    """Name the jobs that do not say that their queue is paused, and those that say so and it goes on. Commits."""
    queued, running = (
        select(Part.n).where(Part.job_id == Job.id, Part.status == status).exists() for status in ("queued", "running")
    )
    stands = or_(and_(turns.WHOLE, ~PUT_OFF), and_(Job.status == "running", queued, ~running))
    silent = and_(Job.queue.in_(paused.NAMES), stands)
    outdated = and_(Job.queue.not_in(paused.NAMES), Job.status == "waiting", queued)
    own = (Job.queue == queue,) if queue is not None else ()
    found = session.scalars(select(Job.id).where(or_(silent, outdated), *own).order_by(Job.created_at)).all()
    session.commit()
    return found


def agree(session: Session, redis: Redis, job_id: uuid.UUID) -> None:
    """Let a job say what its queue does. Commits."""
    if not put_off(session, job_id):
        settle(session, ledger.lock(session, job_id))
    session.commit()
    publish(session, redis, job_id)


def _hindrance(session: Session, job_id: uuid.UUID) -> str:
    """Say why a job that is not cut yet may not begin; nothing when it may."""
    job = ledger.find(session, job_id)
    if not turns.is_whole(job):
        return ""
    if not turns.has_turn(session, job_id):
        return turns.sentence(job.requested_by)
    pause = paused.pause_of(session, job.queue)
    return pause.sentence if pause else ""
