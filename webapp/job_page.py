"""What a job's page shows, put together for the page and for its poll alike."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import current_app

from core.jobs.view import JobView, StepView
from core.kinds import KINDS
from core.models import Job
from core.prices import price_of
from core.settings import Settings
from webapp import search_page, waiting
from webapp.extensions import db
from webapp.forms import form_of
from webapp.queries import current, failures, jobs
from webapp.sentences import local

EVENTS_SHOWN = 8
YOUNG_SECONDS = 30  # a job this young is watched closely even while it waits for a worker


def parts_of_page(job: JobView) -> dict[str, Any]:
    """Give the template everything but the job's own looks."""
    session, job_id = db.session(), UUID(job.id)
    price = price_of(job.model, job.tokens) if job.model else None
    row = session.get(Job, job_id)
    wait = waiting.waits_of([job]).get(job.id)
    told = waiting.say(wait) or local(job.message)
    return {
        "job": job,
        "every": interval(job),
        "groups": failures.groups(session, failures.FailureFilter(job_id=job_id)).items,
        "events": jobs.events(session, job_id, limit=EVENTS_SHOWN),
        "retries": jobs.retries_of(session, job_id),
        "parts": Counter(part.status for part in job.parts),
        "price": price,
        "parameters": form_of(row.payload) if row else {},
        "retryable": KINDS.get(job.kind) is not None,
        "told": told,
        "told_look": waiting.look_of(job, wait),
        "still": waiting.still_parts(job, told),
        "search": search_page.of_job(job_id) if job.over else search_page.NOTHING,
        "adds_up": all(adds_up(step, over=job.over) for step in job.steps),
    }


def interval(job: JobView) -> int | None:
    """Say how many seconds later the page asks again; None when the job is over."""
    if job.over:
        return None
    young = (datetime.now(UTC) - job.created_at).total_seconds() < YOUNG_SECONDS
    return 1 if young or job.status in ("running", "cancelling") else 3


def adds_up(step: StepView, *, over: bool) -> bool:
    """Say whether a step's outcomes are as many as went into it: never more, and equal at the end unless stopped."""
    if step.total is None:
        return True
    known = step.done + step.skipped + step.failed
    return known == step.total if over and step.status == "done" else known <= step.total


def collection_name() -> str | None:
    settings: Settings = current_app.extensions["settings"]
    return current.collection(db.session(), settings).name or None
