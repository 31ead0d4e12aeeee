"""What an act on many jobs would hit, and what it would leave alone and why. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, any_, case, exists, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
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
    job = aliased(Job, _chosen(bulk).subquery("chosen"))
    fate = {"cancel": _of_cancel, "retry": _of_retry, "discard": _of_discard}[bulk.act](job)
    left = _aside_of(job) if bulk.act == "discard" else func.coalesce(job.total, 0) - job.done - job.skipped
    seen = select(fate.label("fate"), left.label("left"), job.number).subquery("seen")
    rows = select(seen.c.fate, func.count(), func.sum(seen.c.left), _newest_of(seen.c.number)).group_by(seen.c.fate)
    found = {fate: (n, int(left or 0), numbers) for fate, n, left, numbers in session.execute(rows)}
    _, records, first = found.get(HIT, (0, 0, []))
    shown = select(Job).where(Job.number.in_(first)).order_by(Job.number.desc())
    return Foreseen({fate: n for fate, (n, _, _) in found.items()}, records, session.scalars(shown).all())


def newest(session: Session) -> int:
    """Give the number of the newest job: what is launched later is not meant."""
    return session.scalar(select(func.max(Job.number))) or 1


def _chosen(bulk: jobs_bulk.Bulk) -> Select[Any]:
    if bulk.where is None:
        return select(Job).where(Job.number == any_(list(bulk.numbers)))  # type: ignore[arg-type]
    return jobs_bulk.split(bulk, NO_COLLECTION).with_only_columns(Job)


def _newest_of(number: ColumnElement[int]) -> ColumnElement[list[int]]:
    newest_first = func.array_agg(aggregate_order_by(number, number.desc()), type_=ARRAY(BigInteger))
    return newest_first[1:SHOWN]


def _of_cancel(job: type[Job]) -> ColumnElement[str]:
    return case((job.status.in_(OVER), "over"), (job.status == "cancelling", "cancelling"), else_=HIT)


def _of_discard(job: type[Job]) -> ColumnElement[str]:
    return case((_aside_of(job) == 0, "nothing_aside"), else_=HIT)


def _aside_of(job: type[Job]) -> ColumnElement[int]:
    return select(func.count()).where(Failure.job_id == job.id, Failure.status == "open").scalar_subquery()


def _of_retry(job: type[Job]) -> ColumnElement[str]:
    """Say what a retry would find; records that a later retry has settled are seen only when it runs."""
    later = aliased(Job)
    under_way = exists().where(later.retry_of == job.id, later.status.in_(AT_WORK))
    aside = exists().where(Failure.job_id == job.id, Failure.status == "open", Failure.record_id.is_not(None))
    behind = and_(Part.status.in_(("failed", "cancelled")), Part.cursor < Part.total)
    left = or_(job.split_at.is_(None), aside, exists().where(Part.job_id == job.id, behind))
    return case(
        (job.status.not_in(OVER), "not_over"),
        (job.kind.not_in(KINDS), "unknown"),
        (under_way, "under_way"),
        (~left, "nothing_left"),
        else_=HIT,
    )
