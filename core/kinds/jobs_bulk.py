"""jobs.bulk: retry or cancel many jobs, or discard what they set aside, each with its own outcome."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from core.errors import NotFound, Refused
from core.failures import discard
from core.jobs import acts
from core.jobs.acts import Order, Result
from core.jobs.cancel import cancel
from core.jobs.kind import JobKind, Payload, chosen
from core.jobs.part_run import PartRun
from core.jobs.retry import retry
from core.jobs.search import JobWhere, conditions
from core.models import AuditEvent, Failure, Job
from core.models.job import AT_WORK
from core.ports import Collection

Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
# Where an act can do anything at all; of all that match a search, the others are left alone.
ENDED_BADLY = ("failed", "completed_with_errors", "cancelled")
STATUSES = {"retry": ENDED_BADLY, "cancel": AT_WORK, "discard": ENDED_BADLY}
WORDS = {"retry": "Retry", "cancel": "Cancel", "discard": "Discard the failures of"}


class Bulk(Payload):
    """Which jobs: chosen by their numbers, or all that match a search, up to the newest of when it was asked for."""

    act: Literal["retry", "cancel", "discard"]
    numbers: tuple[Number, ...] = Field((), max_length=acts.MOST)
    where: JobWhere | None = None
    upto: Number | None = None
    said: str = Field("", max_length=300)  # the search as it was typed

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.numbers) == (self.where is not None):
            raise ValueError("give either numbers or where; an empty where is every job")
        return self


def title(bulk: Bulk) -> str:
    act = WORDS[bulk.act]
    if bulk.where is not None:
        return f"{act} the jobs that match “{bulk.said}”" if bulk.said else f"{act} all jobs"
    return f"{act} {len(bulk.numbers):,} chosen jobs" if len(bulk.numbers) > 1 else f"{act} job {bulk.numbers[0]}"


def split(bulk: Bulk, collection: Collection) -> Select[Any]:
    """Choose those named; of a search, the newest 10,000 that the act can do anything with."""
    if bulk.where is None:
        return chosen(bulk.numbers)
    upto = [Job.number <= bulk.upto] if bulk.upto else []
    wanted = select(Job.number).where(*conditions(bulk.where), *upto, Job.status.in_(STATUSES[bulk.act]))
    return wanted.where(Job.kind != KIND.name).order_by(Job.number.desc()).limit(acts.MOST)


def run(part: PartRun) -> None:
    """Act on one job after the other. Idempotent: what it did before it was interrupted is found, not repeated."""
    order = acts.order_of(part)
    for number in part.ids:
        part.check()
        acts.keep(part, [_act(part, order, number)])


def _act(part: PartRun, order: Order, number: int) -> Result:
    with part.tools.sessions() as session:
        try:
            job = session.scalars(select(Job).where(Job.number == number)).one_or_none()
            if job is None:
                raise NotFound(f"There is no job {number}.")
            return {"retry": _retry, "cancel": _cancel, "discard": _discard}[part.payload.act](
                part, session, order, job
            )
        except (Refused, NotFound) as no:
            return Result(number, "skipped", str(no))
        except ValidationError:
            return Result(number, "failed", "What it was launched with cannot be read any more. Launch it anew.")


def _retry(part: PartRun, session: Session, order: Order, job: Job) -> Result:
    if job.kind not in part.tools.kinds:
        raise Refused(f"There are no jobs of the kind {job.kind} any more.")
    before = _retried(session, order, job.id)
    if before is not None:
        return Result(job.number, "done", "Retried by a new job.", before)
    launched = retry(
        session, part.tools.redis, part.tools.kinds, job.id, actor=order.actor, reason=order.reason, by_job=True
    )
    if not launched.new:
        return Result(job.number, "skipped", "A retry of it is under way already.", launched.job_id)
    return Result(job.number, "done", "Retried by a new job.", launched.job_id)


def _cancel(part: PartRun, session: Session, order: Order, job: Job) -> Result:
    if job.status in ("cancelling", "cancelled"):
        if _cancelled(session, order, job.id):
            return Result(job.number, "done", "Cancelled.")
        raise Refused("It is being cancelled already." if job.status == "cancelling" else "It was cancelled already.")
    status = cancel(session, part.tools.redis, job.id, actor=order.actor, reason=order.reason, by_job=True)
    return Result(job.number, "done", "Cancelled." if status == "cancelled" else "It stops with the batch in hand.")


def _discard(part: PartRun, session: Session, order: Order, job: Job) -> Result:
    """Discard what the job has set aside and is open still; what this order did before it was interrupted counts."""
    of_job = select(Failure.id).where(Failure.job_id == job.id)
    if ids := session.scalars(of_job.where(Failure.status == "open")).all():
        discard(session, ids, actor=order.actor, reason=order.reason)
    mine = (Failure.status == "discarded", Failure.closed_by == order.actor.name, Failure.closed_at > order.since)
    count = session.scalar(select(func.count()).select_from(of_job.where(*mine).subquery())) or 0
    if not count:
        raise Refused("Nothing of it is set aside any more.")
    return Result(job.number, "done", f"{count:,} failures are discarded." if count > 1 else "1 failure is discarded.")


def _retried(session: Session, order: Order, job_id: uuid.UUID) -> uuid.UUID | None:
    """Find the retry that this order has launched already."""
    mine = (Job.retry_of == job_id, Job.requested_by == order.actor.name, Job.created_at > order.since)
    return session.scalars(
        select(Job.id).where(*mine, Job.request_id.is_not_distinct_from(order.actor.request_id))
    ).first()


def _cancelled(session: Session, order: Order, job_id: uuid.UUID) -> bool:
    """Say whether it was this order that cancelled the job: the audit knows."""
    mine = (AuditEvent.target == str(job_id), AuditEvent.action == "job.cancel", AuditEvent.actor == order.actor.name)
    same = AuditEvent.request_id.is_not_distinct_from(order.actor.request_id)
    return bool(session.scalar(select(exists().where(*mine, same, AuditEvent.at > order.since))))


KIND = JobKind(
    name="jobs.bulk",
    queue="jobs:maintenance",
    payload=Bulk,
    steps=(acts.STEP,),
    title=title,
    split=split,
    run=run,
    record_kind="job",
    indexes=False,
)
