"""A search that does not find whom the index says it holds."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from core.alerts.rule import Condition, Scene
from core.models import SearchCheck


def misses(scene: Scene) -> Iterator[Condition]:
    """Say that the last check of the search missed somebody; the next one that misses nobody ends it."""
    latest = select(SearchCheck.asked, SearchCheck.found).where(SearchCheck.asked > 0)
    with scene.sessions() as session:
        row = session.execute(latest.order_by(SearchCheck.taken_at.desc(), SearchCheck.id.desc()).limit(1)).first()
    if row is not None and row.found < row.asked:
        sentence = f"The search found {row.found} of {row.asked} known people by their own text."
        yield Condition("", sentence, "See who is missed, and index them again.")
