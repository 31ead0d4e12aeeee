"""How long what is over is kept: for good, or for as many days as the settings say."""

from __future__ import annotations

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, aliased

from core.access import SYSTEM, record
from core.models import Alert, Failure, Job, SearchCheck
from core.models.job import NOT_OVER

MOST = 500  # jobs at once: nobody waits for it


def forget(session: Session, days: int) -> int:
    """Delete the oldest jobs that ended so many days ago, with all that hangs on them; say how many. Commits.

    Costs and the audit stay, and so does a job whose failures are open or whose retry is at work. Alerts that were
    cleared and checks of the search that nobody's job asked for go after as many days.
    """
    past = func.now() - func.make_interval(0, 0, 0, days)
    retry = aliased(Job)
    needed = select(Failure.id).where(Failure.job_id == Job.id, Failure.status == "open").exists()
    retried = select(retry.id).where(retry.retry_of == Job.id, retry.status.in_(NOT_OVER)).exists()
    old = select(Job.id).where(Job.created_at < past, Job.finished_at < past, ~needed, ~retried)
    oldest = old.order_by(Job.created_at, Job.id).limit(MOST).with_for_update(skip_locked=True)
    locked = session.scalars(oldest).all()
    ids = session.scalars(old.where(Job.id.in_(locked))).all()  # less whose retry was launched before we had them
    session.execute(delete(Alert).where(Alert.cleared_at < past))
    session.execute(delete(SearchCheck).where(SearchCheck.job_id.is_(None), SearchCheck.taken_at < past))
    if ids:
        session.execute(update(Job).where(Job.retry_of.in_(ids)).values(retry_of=None))
        session.execute(delete(Job).where(Job.id.in_(ids)))
        record(session, SYSTEM, "history.forget", after={"jobs": len(ids), "days": days})
    session.commit()
    return len(ids)
