"""Pause a queue and let it go on: with a reason, kept in the audit."""

from __future__ import annotations

from redis import Redis
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import access
from core.access import Actor
from core.errors import Invalid, Refused
from core.jobs.paused import Pause, pause_of
from core.jobs.reconcile import agree
from core.models import QueuePause


def pause(session: Session, redis: Redis, queue: str, *, actor: Actor, reason: str) -> Pause:
    """Let nobody begin anything of this queue; what runs hands itself back with its batch, and waits. Commits.

    Raises Invalid without a reason, Refused when it is paused already.
    """
    if not reason:
        raise Invalid("Say why the queue is paused.", {"reason": "Say why: whoever waits for it reads this."})
    new = insert(QueuePause).values(queue=queue, paused_by=actor.name, reason=reason).on_conflict_do_nothing()
    made = session.scalars(new.returning(QueuePause.queue)).first()
    found = pause_of(session, queue)
    if made is None or found is None:
        raise Refused(f"{queue} is paused already" + (f", by {found.by}: {found.reason}" if found else "."))
    after = {"paused": True, "reason": reason}
    access.record(session, actor, "queue.pause", f"queue:{queue}", reason=reason, before={"paused": False}, after=after)
    session.commit()
    agree(session, redis, queue)
    return found


def resume(session: Session, redis: Redis, queue: str, *, actor: Actor, reason: str = "") -> None:
    """Let the queue go on, and ring at once for all that waits in it. Commits. Raises Refused when it is not paused."""
    was = session.execute(
        delete(QueuePause).where(QueuePause.queue == queue).returning(QueuePause.paused_by, QueuePause.reason)
    ).first()
    if was is None:
        raise Refused(f"{queue} is not paused.")
    before = {"paused": True, "by": was.paused_by, "reason": was.reason}
    after = {"paused": False}
    access.record(session, actor, "queue.resume", f"queue:{queue}", reason=reason, before=before, after=after)
    session.commit()
    agree(session, redis, queue)
