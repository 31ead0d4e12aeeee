"""6: no lease outlives its holder, and nobody else writes what a lease is held of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from core.models import Part
from tests.chaos import writes

if TYPE_CHECKING:
    from tests.chaos.run import Run


def only_holders_write(run: Run) -> Iterator[str]:
    yield from writes.intrusions(run.engines.urls["DATABASE_URL"])


def nobody_holds_anything(run: Run) -> Iterator[str]:
    held = select(Part.job_id, Part.n, Part.holder).where(or_(Part.token.is_not(None), Part.lease_until.is_not(None)))
    with run.house.sessions() as session:
        for job_id, n, holder in session.execute(held):
            yield f"part {n} of {job_id} is held by {holder}"
