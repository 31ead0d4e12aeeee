"""What an act on many jobs would hit, and what it would leave alone and why. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.jobs.kind import NO_COLLECTION
from core.jobs.view import OVER
from core.kinds import KINDS, jobs_bulk
from core.models import Failure, Job, Part
from core.models.job import AT_WORK

HIT = "hit"
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Foreseen:
    """How many jobs fare how: `hit`, or the code of why not.

    `records` are those that the hit ones left undone; where the act discards, their open failures.
    """

    fates: Mapping[str, int]
    records: int
    first: Sequence[Job]

    @property
    def hit(self) -> int:
        return self.fates.get(HIT, 0)


def foresee(session: Session, bulk: jobs_bulk.Bulk) -> Foreseen:
    """Look at each job that the act would take, 10,000 at most."""
    chosen = jobs_bulk.split(bulk, NO_COLLECTION).subquery("chosen")
    fate = {"cancel": _of_cancel, "retry": _of_retry, "discard": _of_discard}[bulk.act]()
    left = _aside_of_job() if bulk.act == "discard" else func.coalesce(Job.total, 0) - Job.done - Job.skipped
    seen = (
        select(fate.label("fate"), left.label("left"))
        .select_from(Job)
        .join(chosen, chosen.c[0] == Job.number)
        .subquery()
    )
    rows = session.execute(select(seen.c.fate, func.count(), func.sum(seen.c.left)).group_by(seen.c.fate)).all()
    fates = {fate: n for fate, n, _ in rows}
    records = sum(int(left or 0) for fate, _, left in rows if fate == HIT)
    return Foreseen(fates, records, session.scalars(_first(chosen.c[0], fate)).all())


def newest(session: Session) -> int:
    """Give the number of the newest job: what is launched later is not meant."""
    return session.scalar(select(func.max(Job.number))) or 1


def _first(number: ColumnElement[int], fate: ColumnElement[str]) -> Select[Job]:
    return (
        select(Job).join(number.table, number == Job.number).where(fate == HIT).order_by(Job.number.desc()).limit(SHOWN)
    )


def _of_cancel() -> ColumnElement[str]:
    return case((Job.status.in_(OVER), "over"), (Job.status == "cancelling", "cancelling"), else_=HIT)


def _of_discard() -> ColumnElement[str]:
    return case((_aside_of_job() == 0, "nothing_aside"), else_=HIT)


def _aside_of_job() -> ColumnElement[int]:
    aside = select(func.count()).where(Failure.job_id == Job.id, Failure.status == "open")
    return aside.correlate(Job).scalar_subquery()


def _of_retry() -> ColumnElement[str]:
    """Say what a retry would find; records that a later retry has settled are seen only when it runs."""
    later = aliased(Job)
    under_way = exists().where(later.retry_of == Job.id, later.status.in_(AT_WORK))
    aside = exists().where(Failure.job_id == Job.id, Failure.status == "open", Failure.record_id.is_not(None))
    behind = and_(Part.status.in_(("failed", "cancelled")), Part.cursor < Part.total)
    left = or_(Job.split_at.is_(None), aside, exists().where(Part.job_id == Job.id, behind))
    return case(
        (Job.status.not_in(OVER), "not_over"),
        (Job.kind.not_in(KINDS), "unknown"),
        (under_way, "under_way"),
        (~left, "nothing_left"),
        else_=HIT,
    )
