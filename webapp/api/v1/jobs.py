"""Jobs for scripts: the list, one job, its records, its story, and the two acts on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal
from uuid import UUID

from flask import Blueprint, Response, url_for
from pydantic import Field

from core.jobs.ahead import with_ends
from core.jobs.cancel import cancel
from core.jobs.explain import Wait
from core.jobs.launch import Launched
from core.jobs.retry import retry
from core.jobs.view import JobView
from core.kinds import KINDS
from core.prices import price_of
from webapp.api.answers.jobs import (
    Cost,
    EventAnswer,
    EventList,
    JobAnswer,
    JobDetail,
    JobError,
    JobList,
    PartAnswer,
    Progress,
    RecordAnswer,
    RecordList,
    StepAnswer,
    WaitAnswer,
)
from webapp.api.answers.launches import LaunchAnswer
from webapp.api.operation import operation, reply
from webapp.api.reading import Cursor, Reason, Request, Words
from webapp.extensions import db, redis
from webapp.job_list import Asked, search
from webapp.queries import coverage, jobs, records, results
from webapp.queries.job_filter import STATUSES
from webapp.queries.results import ResultRow
from webapp.security import actor
from webapp.waiting import waits_of

blueprint = Blueprint("jobs", __name__)


class JobQuery(Cursor):
    """Which jobs."""

    status: Literal[STATUSES] | None = None  # type: ignore[valid-type]
    kind: Words | None = Field(None, description="The name of a kind, as etl.sync.")
    user: Words | None = Field(None, description="Who launched it; token:NAME for a script.")
    q: Words = Field(
        "",
        description="The box of the page: status: kind: user: error: open: id: person: before: after: and words.",
    )


class Act(Request):
    """Why it is done; the audit keeps it."""

    reason: Reason = ""


@blueprint.get("/jobs")
@operation("read", {200: (JobList,)})
def index(query: JobQuery) -> Response:
    """List jobs, newest first."""
    where = replace(Asked(query.status, search(query.q)).where, kind=query.kind, user=query.user)
    page = jobs.find_page(db.session(), where, query.cursor, query.limit)
    page = replace(page, items=tuple(with_ends(redis, page.items)))
    waits = waits_of(page.items)
    return reply(JobList.of(page, lambda view: job_answer(view, waits.get(view.id))))


@blueprint.get("/jobs/<uuid:job_id>")
@operation("read", {200: (JobDetail,)})
def show(job_id: UUID) -> Response:
    """Tell how far a job is, and what it waits for. Ask again as often as once a second."""
    view = jobs.show(db.session(), redis, job_id)
    answer = job_answer(view, waits_of([view]).get(view.id))
    parts = [PartAnswer.model_validate(part) for part in view.parts]
    return reply(JobDetail(**dict(answer), parts=parts))


@blueprint.get("/jobs/<uuid:job_id>/records")
@operation("read", {200: (RecordList,)})
def list_records(job_id: UUID, query: Cursor) -> Response:
    """List a job's records in the order of work, each with what became of it."""
    kind = KINDS.get(jobs.require(db.session(), job_id))
    if kind is not None and kind.record_kind != "candidate":
        found = results.find_page(db.session(), job_id, kind.record_kind, query.cursor, query.limit)
        return reply(RecordList.of(found, item_answer))
    page = records.find_page(db.session(), job_id, coverage.collection(db.session()), query.cursor, query.limit)
    return reply(RecordList.of(page, RecordAnswer.model_validate))


@blueprint.get("/jobs/<uuid:job_id>/events")
@operation("read", {200: (EventList,)})
def list_events(job_id: UUID, query: Cursor) -> Response:
    """List what happened to a job, newest first."""
    jobs.require(db.session(), job_id)
    page = jobs.events(db.session(), job_id, query.cursor, query.limit)
    return reply(EventList.of(page, EventAnswer.model_validate))


@blueprint.post("/jobs/<uuid:job_id>/retries")
@operation("operate", {202: (LaunchAnswer,), 200: (LaunchAnswer,)}, problems=(409, 429))
def create_retry(job_id: UUID, body: Act) -> Response:
    """Launch a job for what this one left undone: 202 with the new job, 200 when that is under way already."""
    return launched(retry(db.session(), redis, KINDS, job_id, actor=actor(), reason=body.reason))


@blueprint.post("/jobs/<uuid:job_id>/cancellations")
@operation("operate", {202: (LaunchAnswer,)}, problems=(409,))
def create_cancellation(job_id: UUID, body: Act) -> Response:
    """Cancel a job. What runs stops with its batch, what is done stays; 409 when the job is over."""
    status = cancel(db.session(), redis, job_id, actor=actor(), reason=body.reason)
    return launched(Launched(job_id, status, new=True))


def item_answer(row: ResultRow) -> RecordAnswer:
    """Write what became of one item of an act."""
    return RecordAnswer(
        part=row.part,
        position=row.position,
        record_id=row.record_id,
        outcome=row.outcome,
        external_id=str(row.job_id) if row.job_id else None,
        full_name=row.name,
        failure_id=None,
        cause=None,
        reason=row.sentence or None,
        led_to=row.led_to,
    )


def launched(launch: Launched) -> Response:
    """Answer a launch: 202 for a new job, 200 for one that was there; both say where to watch it."""
    url = status_url(launch)
    answer = LaunchAnswer(job_id=launch.job_id, status=launch.status, status_url=url)
    return reply(answer, 202 if launch.new else 200, {"Location": url})


def status_url(launch: Launched) -> str:
    return url_for("api.jobs.show", job_id=launch.job_id)


def job_answer(view: JobView, wait: Wait | None) -> JobAnswer:
    """Write a job as scripts see it."""
    return JobAnswer(
        id=UUID(view.id),
        number=view.number,
        kind=view.kind,
        status=view.status,
        message=wait.sentence if wait else view.message,
        waiting=WaitAnswer.model_validate(wait) if wait else None,
        steps=[StepAnswer.model_validate(step) for step in view.steps],
        progress=Progress(
            total=view.total,
            done=view.done,
            skipped=view.skipped,
            failed=view.failed,
            percent=view.percent,
            rate=view.rate,
            eta_seconds=view.eta_seconds,
            early_seconds=view.early_seconds,
            late_seconds=view.late_seconds,
        ),
        created_at=view.created_at,
        started_at=view.started_at,
        finished_at=view.finished_at,
        requested_by=view.requested_by,
        retry_of=UUID(view.retry_of) if view.retry_of else None,
        error=JobError(code=view.error_code, detail=view.error_detail) if view.error_code else None,
        cost=_cost(view),
        links=_links(view.id),
    )


def _cost(view: JobView) -> Cost:
    price = price_of(view.model, view.tokens) if view.model else None
    amount, currency = price or (None, None)
    return Cost(tokens=view.tokens, amount=amount, currency=currency)


def _links(job_id: str) -> dict[str, str]:
    names = {"self": "show", "records": "list_records", "events": "list_events"}
    names |= {"retries": "create_retry", "cancellations": "create_cancellation"}
    return {name: url_for(f"api.jobs.{view}", job_id=job_id) for name, view in names.items()}
