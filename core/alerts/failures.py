"""Dead letters that grow."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from core.alerts.rule import Condition, Scene
from core.models import Failure

MINUTES = 10


def growing(scene: Scene) -> Iterator[Condition]:
    """Say when many records were set aside lately and are still."""
    since = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, MINUTES)
    lately = select(func.count()).where(Failure.status == "open", Failure.last_seen > since)
    with scene.sessions() as session:
        count: int = session.execute(lately).scalar_one()
    if count > scene.settings.alert_failures:
        sentence = f"{count:,} records were set aside within {MINUTES} minutes."
        yield Condition("", sentence, "Mend their cause, which stands beside each, and retry them.")
