"""What a job's page shows, put together for the page and for its poll alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError

from core.jobs import track
from core.jobs.view import JobView
from core.kinds import KINDS
from core.models import AuditEvent, Job
from core.prices import price_of
from webapp import funnel, search_page, waiting
from webapp.extensions import db, redis
from webapp.forms import form_of
from webapp.i18n import gettext as _
from webapp.queries import audit, costs, failures, jobs
from webapp.queries.audit import AuditFilter
from webapp.rate_chart import Chart, chart_of
from webapp.sentences import local
from webapp.shared import may
from webapp.terms import argument

EVENTS_SHOWN = 8
ACTS_SHOWN = 8
YOUNG_SECONDS = 30  # a job this young is watched closely even while it waits for a worker


def parts_of_page(job: JobView) -> dict[str, Any]:
    """Give the template everything but the job's own looks."""
    session, job_id = db.session(), UUID(job.id)
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
        "parameters": _parameters(row.payload) if row else {},
        "retryable": KINDS.get(job.kind) is not None,
        "told": told,
        "told_look": waiting.look_of(job, wait),
        "still": waiting.still_parts(job, told),
        "search": search_page.of_job(job_id) if job.over else search_page.NOTHING,
        "gaps": funnel.gaps(job),
        "chart": _chart(job),
        "stalled": job.stalled(datetime.now(UTC)),
        "bill": _bill(job),
        "before": jobs.before(session, job),
        "acts": _acts(job_id) if may("admin") else (),
    }


@dataclass(frozen=True, slots=True)
class Bill:
    """What a job has cost: `expected` at its end, and about how much was saved by texts that it did not pay for."""

    price: tuple[float, str] | None
    expected: tuple[float, str] | None
    unpaid: int
    saved: tuple[float, str] | None


def _parameters(payload: Mapping[str, Any]) -> dict[str, str]:
    """Write the parameters as they are read: a box that is ticked says so; of a search, what was typed."""
    ticked = {name: _("yes") for name, value in payload.items() if value is True}
    read = [name for name in payload if not (name == "where" and payload.get("said"))]
    values = form_of({name: payload[name] for name in read})
    return {name: argument(name, value) for name, value in values.items()} | ticked


def _bill(job: JobView) -> Bill:
    settled = job.done + job.skipped + job.failed
    whole = round(job.tokens * (job.total or 0) / settled) if settled and not job.over else 0
    paid, step = costs.texts_of(db.session(), UUID(job.id)), next((s for s in job.steps if s.name == "embed"), None)
    unpaid = step.skipped + max(0, step.done - paid) if step is not None and job.model else 0
    return Bill(
        price=_price(job, job.tokens),
        expected=_price(job, whole) if whole else None,
        unpaid=unpaid,
        saved=_price(job, round(unpaid * job.tokens / paid)) if unpaid and paid else None,
    )


def _price(job: JobView, tokens: int) -> tuple[float, str] | None:
    return price_of(job.model, tokens) if job.model else None


def _chart(job: JobView) -> Chart | None:
    """Draw the rate, where Redis still knows it."""
    try:
        return chart_of(job, track.read(redis, [job.id])[0])
    except RedisError:
        return None


def _acts(job_id: UUID) -> Sequence[AuditEvent]:
    return audit.find_page(db.session(), AuditFilter(target=str(job_id)), limit=ACTS_SHOWN).items


def interval(job: JobView) -> int | None:
    """Say how many seconds later the page asks again; None when the job is over."""
    if job.over:
        return None
    young = (datetime.now(UTC) - job.created_at).total_seconds() < YOUNG_SECONDS
    return 1 if young or job.status in ("running", "cancelling") else 3
