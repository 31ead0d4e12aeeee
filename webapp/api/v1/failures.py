"""Failures for scripts: by cause and one by one, and the two acts that end them."""

from __future__ import annotations

from typing import Literal, Self
from uuid import UUID

from flask import Blueprint, Response
from pydantic import Field, model_validator

from core.errors import Refused
from core.failures import discard
from core.jobs.retry import retry_failures
from core.kinds import KINDS
from webapp.api.answers.failures import DiscardAnswer, FailureAnswer, FailureList, GroupAnswer, GroupList
from webapp.api.answers.launches import LaunchAnswer
from webapp.api.operation import operation, reply
from webapp.api.reading import Cursor, Id, Reason, Request, Words
from webapp.api.v1.jobs import launched
from webapp.extensions import db, redis
from webapp.queries import failures
from webapp.queries.failures import FailureFilter, FailureRow
from webapp.security import actor

blueprint = Blueprint("failures", __name__)
MOST_CHOSEN = 10_000  # of one act; the rest are still open after it, for the next


class FailureWhere(Request):
    """Which failures: every given field must match."""

    cause: Words | None = None
    step: Words | None = None
    job_id: UUID | None = None
    record_id: Id | None = None


class FailureQuery(Cursor):
    """Which failures, and whether as groups."""

    group: Literal["cause", "none"] = Field("cause", description="By cause, or one by one with their ids.")
    status: Literal["open", "resolved", "discarded", "any"] = Field("open", description="any takes in the closed ones.")
    cause: Words | None = None
    step: Words | None = None
    job_id: UUID | None = None
    record_id: Id | None = None


class Chosen(Request):
    """Which open failures to act on: by id, or all that match a filter (10,000 at a time)."""

    ids: tuple[Id, ...] | None = Field(None, min_length=1, max_length=MOST_CHOSEN)
    filter: FailureWhere | None = None
    reason: Reason = ""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise ValueError("give either ids or filter; an empty filter is all of them")
        return self


@blueprint.get("/failures")
@operation("read", {200: (GroupList, FailureList)})
def index(query: FailureQuery) -> Response:
    """List what was set aside: by cause, or one by one."""
    status = None if query.status == "any" else query.status
    where = FailureFilter(status, query.cause, query.step, query.job_id, query.record_id)
    if query.group == "cause":
        return reply(GroupList.of(failures.groups(db.session(), where), GroupAnswer.model_validate))
    page = failures.find_page(db.session(), where, query.cursor, query.limit)
    return reply(FailureList.of(page, failure_answer))


@blueprint.post("/failures/retries")
@operation("operate", {202: (LaunchAnswer,), 200: (LaunchAnswer,)}, problems=(409, 429))
def create_retry(body: Chosen) -> Response:
    """Launch a job for the records of open failures; a failure closes when its record is indexed."""
    return launched(retry_failures(db.session(), redis, KINDS, _ids(body), actor=actor(), reason=body.reason))


@blueprint.post("/failures/discards")
@operation("operate", {200: (DiscardAnswer,)}, problems=(409,))
def create_discard(body: Chosen) -> Response:
    """Close open failures for good; their records stay out of the index until they change."""
    return reply(DiscardAnswer(discarded=discard(db.session(), _ids(body), actor=actor(), reason=body.reason)))


def failure_answer(row: FailureRow) -> FailureAnswer:
    """Write one failure with the name of its record."""
    answer = FailureAnswer.model_validate(row.failure)
    return answer.model_copy(update={"external_id": row.external_id, "full_name": row.full_name})


def _ids(chosen: Chosen) -> list[int]:
    if chosen.filter is None:
        return list(chosen.ids or ())
    ids = failures.ids(db.session(), FailureFilter("open", **dict(chosen.filter)), MOST_CHOSEN)
    if not ids:
        raise Refused("No open failure matches this filter.")
    return list(ids)
