"""Workers that vanished. One that stopped in good order has left the register, and is none of them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from core.alerts.rule import MOST, Condition, Scene
from core.errors import until
from core.jobs.listeners import listeners, silent
from core.models import JobEvent

TOLD_SECONDS = 120  # how long a loss is worth a banner; the job's story has it for ever
CURE = "Nothing is lost. Its log says why it died; where none takes its place, start one with: vigia worker"


def lost(scene: Scene) -> Iterator[Condition]:
    """Find workers whose parts had to be taken from them, and those that have not been heard of."""
    since = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, TOLD_SECONDS)
    recovered = select(JobEvent.lost_worker, func.max(JobEvent.at)).where(
        JobEvent.lost_worker.is_not(None), JobEvent.at > since
    )
    with scene.sessions() as session:
        rows = session.execute(recovered.group_by(JobEvent.lost_worker).limit(MOST)).all()
    names = {str(name): at for name, at in rows}
    for name, at in names.items():
        yield Condition(name, f"{name} lost a part at {until(at)}; another worker goes on with it.", CURE)
    for listener in silent(scene.redis, listeners(scene.redis)):
        if listener.name not in names:
            yield Condition(listener.name, f"{listener.name} has not been heard of for more than 30 s.", CURE)
