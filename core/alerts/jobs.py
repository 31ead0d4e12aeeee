"""Jobs that stand still, and jobs that should be over."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from core.alerts.rule import MOST, Condition, Scene
from core.errors import until
from core.models import Job, Part
from core.models.job import NOT_OVER


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
    hours = scene.settings.alert_job_hours
    late = select(Job.id, Job.title).where(Job.status.in_(NOT_OVER), Job.created_at < _before(seconds=hours * 3600))
    with scene.sessions() as session:
        rows = session.execute(late.order_by(Job.created_at).limit(MOST)).all()
    for job_id, title in rows:
        sentence = f"“{title}” was launched more than {hours:g} h ago and is not over."
        yield Condition(str(job_id), sentence, "Its page says what holds it up, and lets you cancel it.")


def _before(*, seconds: float) -> object:
    return func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
