"""What an act on many failures would hit, and what it would leave alone and why. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from core.jobs.kind import NO_COLLECTION
from core.jobs.view import OVER
from core.kinds import failures_bulk
from core.models import Failure, Job
from webapp.causes import NEED_A_PERSON
from webapp.queries.failure_trend import CHANGED

HIT = "hit"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """How many failures fare how: `hit`, or the code of why not. `hopeless` of the hit fail again as they are."""

    fates: Mapping[str, int]
    hopeless: int

    @property
    def hit(self) -> int:
        return self.fates.get(HIT, 0)


def foresee(session: Session, bulk: failures_bulk.Bulk) -> Foreseen:
    """Look at each failure that the act would take, 10,000 at most."""
    chosen = failures_bulk.split(bulk, NO_COLLECTION).subquery("chosen")
    whole_part = and_(Failure.record_id.is_(None), Job.status.not_in(OVER))
    held = [(whole_part, "not_over")] if bulk.act == "retry" else []
    fate = case((Failure.status != "open", "closed"), *held, else_=HIT).label("fate")
    hopeless = func.count().filter(Failure.cause.in_(NEED_A_PERSON), ~CHANGED)
    rows = (
        select(fate, func.count(), hopeless).join(chosen, chosen.c[0] == Failure.id).join(Job, Job.id == Failure.job_id)
    )
    found = session.execute(rows.group_by(fate)).all()
    return Foreseen({name: n for name, n, _ in found}, sum(n for name, _, n in found if name == HIT))


def newest(session: Session) -> int:
    """Give the id of the newest failure: what is set aside later is not meant."""
    return session.scalar(select(func.max(Failure.id))) or 1
