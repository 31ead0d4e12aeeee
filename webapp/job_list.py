"""The list of jobs, put together for its page, its poll, its file and the API alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from flask import flash, request, url_for
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from core.errors import Invalid
from core.kinds import KINDS
from core.models import Job
from webapp import chosen as chosen_jobs
from webapp import job_search, kept_views, waiting
from webapp.chosen import Chosen
from webapp.extensions import db
from webapp.i18n import zone
from webapp.job_search import JobSearch, Known
from webapp.kept_views import KeptViews
from webapp.queries import jobs, names
from webapp.queries.job_filter import STATUSES, JobFilter
from webapp.queries.page import Count, Page
from webapp.security import actor

MOST_IN_FILE = 100_000
FIELDS = (
    *("number", "id", "kind", "status", "title", "requested_by", "reason", "message", "error_code", "error_detail"),
    *("retry_of", "model", "total", "done", "skipped", "failed", "tokens", "calls"),
    *("created_at", "started_at", "finished_at"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: a tab and what the box says."""

    status: str | None
    search: JobSearch

    @property
    def where(self) -> JobFilter:
        """Give the filter; raise Invalid where the box cannot be used, for then nothing is meant."""
        if self.search.problems:
            raise Invalid(" ".join(self.search.problems), {"q": " ".join(self.search.problems)})
        return JobFilter(status=self.status, where=self.search.where)

    @property
    def args(self) -> dict[str, str | None]:
        """Give it as it stands in the address."""
        return {"status": self.status, "q": self.search.text or None}

    def url(self, endpoint: str, **more: Any) -> str:
        return url_for(endpoint, **(self.args | more))


def asked() -> Asked:
    """Read the address."""
    return Asked(request.args.get("status") or None, search(request.args.get("q", "")))


def search(text: str, now: datetime | None = None) -> JobSearch:
    """Read the box by what there is: kinds, people who launched, errors; ages count back from `now`."""
    session = db.session()
    known = Known(
        statuses=STATUSES,
        kinds=tuple(KINDS),
        me=actor().name,
        launchers=partial(names.launchers, session),
        errors=partial(names.errors, session),
        people=partial(names.people, session),
        zone=zone(),
        now=lambda: now or datetime.now(UTC),
    )
    return job_search.read(text, known)


def ticked(form: MultiDict[str, str], most: int = chosen_jobs.MOST) -> Chosen:
    """Read which jobs are ticked, on this page by their ids and on others by the word that was carried."""
    ids = [job_id for given in form.getlist("id") if (job_id := _uuid(given)) is not None]
    here = db.session().scalars(select(Job.number).where(Job.id.in_(ids))) if ids else ()
    return chosen_jobs.chosen(form.get("chosen", ""), here, most)


def ticked_ids() -> Sequence[str]:
    """Name the jobs that are ticked, by their ids."""
    numbers = ticked(request.args).numbers
    return [str(job_id) for job_id in db.session().scalars(select(Job.id).where(Job.number.in_(numbers)))]


def turned() -> str:
    """Give the address of the page that was turned to, with all that is ticked in one word."""
    chosen = ticked(request.args)
    if chosen.left_out:
        flash(chosen_jobs.too_many(), "wait")
    return asked().url("jobs.index", cursor=request.args.get("cursor") or None, chosen=chosen.word or None)


def shown() -> dict[str, Any]:
    """Give the template the list; where the box cannot be used, an empty one."""
    what, cursor = asked(), request.args.get("cursor") or None
    if what.search.problems:
        nothing: Page[Any] = Page((), None, 0, True)
        counts = {status: Count(0, True) for status in STATUSES}
        kept = KeptViews("jobs", "", ())
        return {
            "asked": what,
            "page": nothing,
            "counts": counts,
            "waits": {},
            "cursor": None,
            "kept": kept,
            "chosen": Chosen(),
            "elsewhere": Chosen(),
        }
    page, counted = jobs.with_tabs(db.session(), what.where, cursor)
    chosen = ticked(request.args)
    return {
        "asked": what,
        "page": page,
        "chosen": chosen,
        "elsewhere": chosen.elsewhere({job.number for job in page.items if job.number}),
        "counts": counted,
        "waits": waiting.waits_of(page.items),
        "cursor": cursor,
        "kept": kept_views.of_page("jobs", request.args),
    }


def line(job: Job) -> dict[str, object]:
    """Write a job as a line of a file."""
    return {name: getattr(job, name) for name in FIELDS}


def title(what: Asked) -> str:
    """Say as it may be typed which jobs an act on all that match would take; nothing for all jobs."""
    said = [f"status:{what.status}"] if what.status else []
    said += [what.search.text] if what.search.text else []
    return " ".join(said)


def _uuid(given: str) -> UUID | None:
    try:
        return UUID(given)
    except ValueError:
        return None
