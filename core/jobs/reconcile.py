"""What one leader does every few seconds: whatever was lost between ledger, queue and workers is found again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import structlog
from redis import Redis, RedisError
from sqlalchemy import Connection, event, func, or_, select, update
from sqlalchemy.orm import Session

from core.db import WAIT_BRIEFLY
from core.jobs import ledger, live, paused, queues, standstill, turns
from core.jobs.publish import publish, ring
from core.jobs.recover import recover
from core.jobs.settle import settle
from core.models import Job, Part
from core.models.job import AT_WORK, NOT_OVER

log = structlog.get_logger(__name__)

# A message that is not in its queue this long after it was sent, while nobody holds its part, was lost.
LOST_AFTER_SECONDS = 4
COPY_MINUTES = 10
MOST_COPIES = 500


def reconcile(session: Session, redis: Redis) -> None:
    """Recover expired leases, wake what is due, heed pauses, ring again, finish what is done. Commits as it goes.

    A job whose row is locked for longer than a moment is left for the next time.
    """
    locked: set[uuid.UUID] = set()
    with _briefly(session):
        for job_id, n in _expired(session):
            _unless_locked(session, locked, job_id, partial(recover, session, redis, job_id, n))
        for job_id in _due(session):
            _unless_locked(session, locked, job_id, partial(wake, session, redis, job_id))
        _agree(session, redis, locked)
        ring_lost(session, redis, locked=locked)
        for job_id in _finished(session):
            _unless_locked(session, locked, job_id, partial(finish, session, redis, job_id))
        _copy_again(session, redis)


def agree(session: Session, redis: Redis, queue: str) -> None:
    """Let the jobs of a queue that stand still say so, and those that need not any more go on. Commits as it goes.

    A job whose row is locked for longer than a moment is left for the leader.
    """
    locked: set[uuid.UUID] = set()
    with _briefly(session):
        _agree(session, redis, locked, queue)
        ring_lost(session, redis, queue, seconds=0, locked=locked)


def _agree(session: Session, redis: Redis, locked: set[uuid.UUID], queue: str | None = None) -> None:
    for job_id in standstill.unlike_their_queue(session, queue):
        _unless_locked(session, locked, job_id, partial(standstill.agree, session, redis, job_id))


@contextmanager
def _briefly(session: Session) -> Iterator[None]:
    """Wait for no lock for longer than a moment."""
    event.listen(session, "after_begin", _wait_briefly)
    try:
        yield
    finally:
        event.remove(session, "after_begin", _wait_briefly)


def _wait_briefly(_: Session, __: object, connection: Connection) -> None:
    connection.execute(WAIT_BRIEFLY)


def _unless_locked(session: Session, locked: set[uuid.UUID], job_id: uuid.UUID, act: Callable[[], None]) -> None:
    """Do it, unless somebody sits on the job, now or before: the others must not wait."""
    if job_id not in locked and not ledger.unless_locked(session, job_id, act):
        locked.add(job_id)


def wake(session: Session, redis: Redis, job_id: uuid.UUID) -> None:
    """Queue the parts of a job that have waited long enough. Commits."""
    job = ledger.lock(session, job_id)
    parts = session.scalars(
        update(Part)
        .where(Part.job_id == job_id, Part.status == "waiting", Part.not_before <= func.clock_timestamp())
        .values(status="queued", message="", not_before=None, rung_at=None)
        .returning(Part),
        execution_options={"populate_existing": True},
    ).all()
    settle(session, job)
    session.commit()
    publish(session, redis, job_id)
    if parts:
        ring(session, redis, job, parts)


def finish(session: Session, redis: Redis, job_id: uuid.UUID) -> None:
    """End a job of which no part is open. Commits."""
    settle(session, ledger.lock(session, job_id))
    session.commit()
    standstill.tell(session, redis, job_id)


def _copy_again(session: Session, redis: Redis) -> None:
    """Bring live hashes up to date whose last copy was lost: Redis was away, or forgot its last second."""
    lately = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, COPY_MINUTES)
    changed = select(Job.id, Job.updated_at).where(or_(Job.status.in_(NOT_OVER), Job.updated_at > lately))
    rows = session.execute(changed.order_by(Job.updated_at.desc()).limit(MOST_COPIES)).all()
    session.commit()
    try:
        known = live.revisions(redis, [str(job_id) for job_id, _ in rows])
    except RedisError:
        return
    for (job_id, updated_at), revision in zip(rows, known, strict=True):
        if revision != updated_at.isoformat(timespec="microseconds"):
            publish(session, redis, job_id)
            session.commit()


def _expired(session: Session) -> Sequence[tuple[uuid.UUID, int]]:
    rows = session.execute(
        select(Part.job_id, Part.n).where(Part.status == "running", Part.lease_until < func.clock_timestamp())
    ).all()
    session.commit()
    return [(job_id, n) for job_id, n in rows]


def _due(session: Session) -> Sequence[uuid.UUID]:
    found = session.scalars(
        select(Part.job_id).where(Part.status == "waiting", Part.not_before <= func.clock_timestamp()).distinct()
    ).all()
    session.commit()
    return found


def ring_lost(
    session: Session,
    redis: Redis,
    queue: str | None = None,
    *,
    seconds: float = LOST_AFTER_SECONDS,
    locked: set[uuid.UUID],
) -> None:
    """Send the messages again that are neither in their queue nor in anybody's hands, `seconds` after they were sent.

    Of one queue, or of all; of none that is paused, nor of jobs that are known to be locked. Commits.
    """
    jobs, parts = _silent(session, queue, seconds)
    owners = session.scalars(select(Job).where(Job.id.in_({part.job_id for part in parts}))).all() if parts else []
    try:
        called = {name: queues.waiting_messages(redis, name) for name in {job.queue for job in (*jobs, *owners)}}
    except RedisError as error:
        log.warning("queue_not_read", error=type(error).__name__)
        return
    for job in jobs:
        _unless_locked(session, locked, job.id, partial(_ring_whole, session, redis, job, called[job.queue]))
    for job in owners:
        mine = [part for part in parts if part.job_id == job.id]
        gone = [part for part in mine if queues.part_message(job.id, part.n, part.attempt) not in called[job.queue]]
        if gone:
            _unless_locked(session, locked, job.id, partial(ring, session, redis, job, gone))


def _silent(session: Session, queue: str | None, seconds: float) -> tuple[Sequence[Job], Sequence[Part]]:
    """Find the jobs to cut and the parts to run that nobody was called to, or `seconds` ago."""
    lost = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    called = (Job.queue.not_in(paused.NAMES), *((Job.queue == queue,) if queue is not None else ()))
    whole = select(Job).where(turns.WHOLE, turns.in_turn(), *called, or_(Job.rung_at.is_(None), Job.rung_at < lost))
    free = select(Part).join(Job, Job.id == Part.job_id).where(Part.status == "queued", Job.status != "cancelling")
    jobs = session.scalars(whole).all()
    parts = session.scalars(free.where(*called, or_(Part.rung_at.is_(None), Part.rung_at < lost))).all()
    session.commit()
    return jobs, parts


def _ring_whole(session: Session, redis: Redis, job: Job, called: Collection[str]) -> None:
    """Ring for a job to be cut, unless its message is on its way; one that was put off waits no more."""
    if job.rung_at is None:
        standstill.let_go(session, redis, job.id, called)
    elif queues.job_message(job.id) not in called:
        ring(session, redis, job)


def _finished(session: Session) -> Sequence[uuid.UUID]:
    """Find jobs that should be over: cut, not over, and no part is open."""
    still = select(Part.n).where(Part.job_id == Job.id, Part.status.in_(AT_WORK))
    found = session.scalars(
        select(Job.id).where(Job.status.in_(NOT_OVER), Job.split_at.is_not(None), ~still.exists())
    ).all()
    session.commit()
    return found
