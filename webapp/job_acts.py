"""Acts on many jobs: what a form has chosen, as the job that would do it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict

from core.errors import Invalid
from core.jobs import acts
from core.jobs.search import JobWhere
from core.kinds.jobs_bulk import Bulk
from webapp import job_list
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.job_list import Asked
from webapp.queries import job_acts

Form = MultiDict[str, str]
Act = Literal["retry", "cancel", "discard"]
ACTS: Mapping[str, Act] = {"retry": "retry", "cancel": "cancel", "discard": "discard"}
OLDEST = timedelta(days=366)  # a preview that somebody still looks at
NEED_A_REASON = ("cancel", "discard")
WHY = {
    "over": lazy_gettext("over already"),
    "cancelling": lazy_gettext("being cancelled already"),
    "not_over": lazy_gettext("not over yet: wait for the end, or cancel first"),
    "under_way": lazy_gettext("a retry is under way already"),
    "nothing_left": lazy_gettext("nothing is left to retry"),
    "nothing_aside": lazy_gettext("nothing of it is set aside"),
    "unknown": lazy_gettext("of a kind that there is no more"),
}


def bulk_of(act: str, form: Form) -> Bulk:
    """Read what was ticked, or all that match; raise Invalid with the cure."""
    known = ACTS.get(act)
    if known is None:
        raise Invalid(_("There is no such act."), {"act": act[:40]})
    return _every(known, form) if form.get("every") else _ticked(known, form)


def _ticked(act: Act, form: Form) -> Bulk:
    numbers = job_list.ticked(form, acts.MOST).numbers
    if not numbers:
        raise Invalid(_("Nothing was chosen. Tick jobs, or take all that match."), {"id": "none"})
    return Bulk(act=act, numbers=numbers, where=None, upto=None, said="")


def _every(act: Act, form: Form) -> Bulk:
    """Fix what matches now: the moment and the newest job, so that the same form is the same act later."""
    asked = Asked(form.get("status") or None, job_list.search(form.get("q", ""), _moment(form.get("at", ""))))
    upto = form.get("upto", "")
    number = int(upto) if upto.isascii() and upto.isdigit() and len(upto) < 19 else job_acts.newest(db.session())
    return Bulk(act=act, numbers=(), where=_with_tab(asked), upto=max(number, 1), said=job_list.title(asked)[:300])


def _with_tab(asked: Asked) -> JobWhere:
    where = asked.where.where
    if asked.status is None:
        return where
    if where.statuses and asked.status not in where.statuses:
        raise Invalid(_("No job matches: the search asks for another status than the tab."), {"q": "status"})
    return where.model_copy(update={"statuses": (asked.status,)})


def _moment(given: str) -> datetime | None:
    """Read when the preview was seen; None for what cannot be that."""
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        return None
    seen = moment.tzinfo is not None and timedelta() <= datetime.now(UTC) - moment < OLDEST
    return moment.astimezone(UTC) if seen else None
