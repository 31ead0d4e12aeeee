"""5: whoever cannot be indexed is in the dead letters exactly once, and nobody else is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import select

from core.models import Candidate, Failure
from tests.chaos.people import MARKER

if TYPE_CHECKING:
    from tests.chaos.run import Run


def failures_are_told_once(run: Run) -> Iterator[str]:
    open_ones = select(Failure.record_id).where(Failure.status == "open", Failure.record_id.is_not(None))
    refused = select(Candidate.id).where(Candidate.eligible, Candidate.headline.contains(MARKER))
    with run.house.sessions() as session:
        told, unfit = Counter(session.scalars(open_ones)), set(session.scalars(refused))
    if more := [record for record, count in told.items() if count > 1]:
        yield f"{len(more)} are told more than once: {more[:5]}"
    if missed := unfit - told.keys():
        yield f"{len(missed)} are not told: {sorted(missed)[:5]}"
    if moot := told.keys() - unfit:
        yield f"{len(moot)} are told and have no failure: {sorted(moot)[:5]}"
