"""Jobs that stand still, and jobs that should be over."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, func, or_, select

from core.alerts.provider import budget_spent
from core.alerts.rule import MOST, Condition, Scene
from core.errors import until
from core.jobs import paused
from core.models import Job, Part
from core.models.job import NOT_OVER

# Before its turn, or for a queue that is paused.
WANTED = and_(Job.status == "waiting", or_(Job.split_at.is_(None), Job.queue.in_(paused.NAMES)))


def stalled(scene: Scene) -> Iterator[Condition]:
    """Find jobs of which a worker holds a part, and no record was done for long."""
    since = _before(seconds=scene.settings.alert_stalled_seconds)
    held = select(Part.n).where(Part.job_id == Job.id, Part.status == "running").exists()
    still = select(Job.id, Job.title, Job.moved_at).where(Job.status.in_(NOT_OVER), Job.moved_at < since, held)
    with scene.sessions() as session:
        rows = session.execute(still.order_by(Job.created_at).limit(MOST)).all()
    for job_id, title, moved_at in rows:
        assert moved_at is not None
        sentence = f"“{title}” is in a worker's hands, and nothing of it was done since {until(moved_at)}."
        cure = "The worker's log says what it is at. Cancelling keeps what is done; a retry does the rest."
        yield Condition(str(job_id), sentence, cure)


def overdue(scene: Scene) -> Iterator[Condition]:
    """Find jobs that began long ago and are not over, but for those that wait because somebody wants it so."""
    hours = scene.settings.alert_job_hours
    began = func.coalesce(Job.started_at, Job.created_at)
    late = select(Job.id, Job.title).where(Job.status.in_(NOT_OVER), began < _before(seconds=hours * 3600), ~WANTED)
    if any(budget_spent(scene)):  # it is told already, and they look again and again
        late = late.where(Job.model.is_(None))
    with scene.sessions() as session:
        rows = session.execute(late.order_by(Job.created_at).limit(MOST)).all()
    for job_id, title in rows:
        sentence = f"“{title}” was launched more than {hours:g} h ago and is not over."
        yield Condition(str(job_id), sentence, "Its page says what holds it up, and lets you cancel it.")


def _before(*, seconds: float) -> object:
    return func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
