"""Queues that grow, and queues that nobody works on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from core.alerts.rule import Condition, Scene
from core.jobs import paused, turns
from core.jobs.listeners import awake
from core.models import Job, Part


def deep(scene: Scene) -> Iterator[Condition]:
    most = scene.settings.alert_queue_depth
    for queue, waiting in _depths(scene).items():
        if waiting > most:
            sentence = f"{waiting:,} jobs and parts wait in {queue}; more than {most:,} are too many."
            yield Condition(queue, sentence, "Start more workers, on as many machines as you like: vigia worker")


def unheard(scene: Scene) -> Iterator[Condition]:
    depths = _depths(scene)
    if not depths:
        return
    heard = {queue for listener in awake(scene.redis) for queue in listener.queues}
    for queue, waiting in depths.items():
        if queue not in heard:
            things = "1 job or part waits" if waiting == 1 else f"{waiting:,} jobs and parts wait"
            sentence = f"No worker listens on {queue}, and {things} for one."
            yield Condition(queue, sentence, f"Start one: vigia worker --queues {queue}")


def _depths(scene: Scene) -> Mapping[str, int]:
    """Count by queue what a free worker could take now: nothing of a paused queue, no job before its turn."""
    with scene.sessions() as session:
        return _counted(session)


def _counted(session: Session) -> Mapping[str, int]:
    uncut = select(Job.queue).where(turns.WHOLE, turns.in_turn())
    parts = select(Job.queue).join(Part, Part.job_id == Job.id).where(Part.status == "queued")
    waiting = union_all(uncut, parts).subquery()
    depths = select(waiting.c.queue, func.count().label("depth")).group_by(waiting.c.queue)
    rows = session.execute(depths.where(waiting.c.queue.not_in(paused.NAMES)).order_by(waiting.c.queue))
    return {row.queue: row.depth for row in rows}
