"""failures.bulk: retry or discard many failures, each with its own outcome."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from core.errors import Refused
from core.failures import discard
from core.jobs import acts
from core.jobs.acts import Order, Result
from core.jobs.kind import JobKind, Payload, chosen
from core.jobs.launch import IdempotencyToken, launch
from core.jobs.part_run import PartRun
from core.jobs.retry import retry
from core.models import Failure
from core.ports import Collection

FailureId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class FailureWhere(Payload):
    """Which open failures: every given field must match."""

    cause: str | None = Field(None, max_length=200)
    step: str | None = Field(None, max_length=200)
    job_id: uuid.UUID | None = None
    record_id: FailureId | None = None


class Bulk(Payload):
    """Which failures: chosen by id, or all open ones that match, up to the newest of when it was asked for."""

    act: Literal["retry", "discard"]
    ids: tuple[FailureId, ...] = Field((), max_length=acts.MOST)
    where: FailureWhere | None = None
    upto: FailureId | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.ids) == (self.where is not None):
            raise ValueError("give either ids or where; an empty where is every open failure")
        return self


def title(bulk: Bulk) -> str:
    act = bulk.act.capitalize()
    if bulk.where is None:
        return f"{act} {len(bulk.ids):,} chosen failures" if len(bulk.ids) > 1 else f"{act} failure {bulk.ids[0]}"
    given = bulk.where.model_dump(exclude_none=True)
    named = ", ".join(f"{name.removesuffix('_id')} {value}" for name, value in given.items())
    return f"{act} the failures with {named}" if named else f"{act} every failure"


def split(bulk: Bulk, collection: Collection) -> Select[Any]:
    """Choose those named, or the oldest 10,000 open ones that match."""
    if bulk.where is None:
        return chosen(bulk.ids)
    given = [getattr(Failure, name) == value for name, value in bulk.where.model_dump(exclude_none=True).items()]
    upto = [Failure.id <= bulk.upto] if bulk.upto else []
    return select(Failure.id).where(Failure.status == "open", *given, *upto).order_by(Failure.id).limit(acts.MOST)


def run(part: PartRun) -> None:
    """Act on all failures of a part at once. Idempotent: what this job did before it was interrupted is found."""
    if not part.ids:
        return
    part.check()
    order, ids = acts.order_of(part), list(part.ids)
    with part.tools.sessions() as session:
        found = _discard(session, order, ids) if part.payload.act == "discard" else _retry(part, session, order, ids)
    gone = Result(0, "skipped", "It is not there any more.")
    acts.keep(part, [found.get(id, Result(id, gone.outcome, gone.sentence)) for id in ids])


def _discard(session: Session, order: Order, ids: Sequence[int]) -> dict[int, Result]:
    discard(session, ids, actor=order.actor, reason=order.reason)
    return {row.id: _discarded(order, row) for row in _rows(session, ids)}


def _discarded(order: Order, row: Row[Any]) -> Result:
    by_this = row.status == "discarded" and row.closed_by == order.actor.name and row.closed_at > order.since
    return Result(row.id, "done", "Discarded.") if by_this else _closed(row)


def _retry(part: PartRun, session: Session, order: Order, ids: Sequence[int]) -> dict[int, Result]:
    """Launch one job for the records of each kind, and retry the jobs of whole parts."""
    rows = _rows(session, ids)
    found = {row.id: _closed(row) for row in rows if row.status != "open"}
    wanted = [row for row in rows if row.status == "open"]
    for row in wanted:
        if row.record_id is None:
            found[row.id] = _retry_part(part, session, order, row)
    for record_kind in sorted({row.record_kind for row in wanted if row.record_id is not None}):
        mine = [row for row in wanted if row.record_kind == record_kind and row.record_id is not None]
        found |= _retry_records(part, session, order, record_kind, mine)
    return found


def _retry_records(
    part: PartRun, session: Session, order: Order, record_kind: str, rows: Sequence[Row[Any]]
) -> dict[int, Result]:
    kinds = part.tools.kinds.values()
    kind = next((kind for kind in kinds if kind.of_records and kind.record_kind == record_kind), None)
    if kind is None or kind.of_records is None:
        return {row.id: Result(row.id, "skipped", "No kind of job takes single records of this sort.") for row in rows}
    payload = kind.of_records(sorted({row.record_id for row in rows}))
    key = IdempotencyToken(f"job:{part.job_id}", f"{part.number}:{record_kind}", "")  # a second time it is the same job
    launched = launch(
        session, part.tools.redis, kind, payload, actor=order.actor, reason=order.reason, key=key, by_job=True
    )
    return {row.id: Result(row.id, "done", "Retried by a new job.", launched.job_id) for row in rows}


def _retry_part(part: PartRun, session: Session, order: Order, row: Row[Any]) -> Result:
    tools = part.tools
    try:
        launched = retry(
            session, tools.redis, tools.kinds, row.job_id, actor=order.actor, reason=order.reason, by_job=True
        )
    except Refused as no:
        return Result(row.id, "skipped", str(no))
    return Result(row.id, "done", "The rest of its job is retried by a new job.", launched.job_id)


def _rows(session: Session, ids: Sequence[int]) -> Sequence[Row[Any]]:
    columns = (Failure.id, Failure.status, Failure.record_kind, Failure.record_id, Failure.job_id)
    wanted = select(*columns, Failure.closed_by, Failure.closed_at).where(Failure.id.in_(ids)).order_by(Failure.id)
    rows: Sequence[Any] = session.execute(wanted).all()
    return rows


def _closed(row: Row[Any]) -> Result:
    return Result(row.id, "skipped", f"It was {row.status} already.")


KIND = JobKind(
    name="failures.bulk",
    queue="jobs:maintenance",
    payload=Bulk,
    steps=(acts.STEP,),
    title=title,
    split=split,
    run=run,
    record_kind="failure",
    indexes=False,
)
