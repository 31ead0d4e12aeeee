"""/failures: causes, the records of one, and what to do with them."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.errors import Invalid
from core.failures import discard
from core.jobs.retry import retry_failures
from core.kinds import KINDS
from core.kinds.etl_embed import MOST_CHOSEN
from webapp import exports, failure_page
from webapp.extensions import db, redis
from webapp.i18n import gettext as _
from webapp.i18n import ngettext
from webapp.queries import failures
from webapp.reasons import reason
from webapp.security import actor, role

bp = Blueprint("failures", __name__)

MOST_IN_FILE = 100_000
FIELDS = (
    *("id", "cause", "step", "reason", "record_kind", "record_id", "external_id", "full_name", "job_id", "part"),
    *("attempts", "status", "first_seen", "last_seen", "trace_id"),
)


@bp.get("/failures")
@role("viewer")
def index() -> ResponseReturnValue:
    if request.args.getlist("id"):  # the page was turned, with ticks on it
        return redirect(failure_page.turned())
    return render_template("failures/index.html", **failure_page.shown())


@bp.get("/failures.<any(csv, json):ending>")
@role("viewer")
def export(ending: str) -> ResponseReturnValue:
    """Give the open failures that match as a file, the last seen 100,000 at most."""
    where = failure_page.asked(request.args).where
    return exports.download("failures", ending, lambda session: map(_line, failures.each(session, where, MOST_IN_FILE)))


@bp.post("/failures/retries")
@role("operator")
def retries() -> ResponseReturnValue:
    launched = retry_failures(db.session(), redis, KINDS, _chosen(), actor=actor(), reason=reason())
    flash(_("Launched.") if launched.new else _("This retry was launched already; here it is."), "ok")
    return redirect(url_for("jobs.show", job_id=launched.job_id), 303)


@bp.post("/failures/discards/new")
@role("operator")
def new_discard() -> ResponseReturnValue:
    """Ask why, before anything is given up. A POST, for the choice may be long; it changes nothing."""
    return render_template("failures/discard.html", ids=_chosen(), errors={}, cause=request.form.get("cause", ""))


@bp.post("/failures/discards")
@role("operator")
def discards() -> ResponseReturnValue:
    ids, why = _chosen(), reason()
    if not why:
        errors = {"reason": _("Say why: it is kept with each record and in the audit.")}
        page = render_template("failures/discard.html", ids=ids, errors=errors, cause=request.form.get("cause", ""))
        return page, 422
    count = discard(db.session(), ids, actor=actor(), reason=why)
    flash(ngettext("%(num)s failure discarded.", "%(num)s failures discarded.", count), "ok")
    return redirect(url_for("failures.index"), 303)


def _line(row: failures.FailureRow) -> dict[str, object]:
    person = {"external_id": row.external_id, "full_name": row.full_name}
    return {name: person[name] if name in person else getattr(row.failure, name) for name in FIELDS}


def _chosen() -> list[int]:
    """Read the failures that were ticked, or all open ones of a cause, of one job where that is named."""
    ids = list(failure_page.ticked(request.form, MOST_CHOSEN).numbers)
    if not ids and request.form.get("cause"):
        where = replace(failure_page.asked(request.form).where, status="open")
        ids = list(failures.ids(db.session(), where, MOST_CHOSEN))
    if not ids:
        raise Invalid(_("Nothing was chosen. Tick the records, or take the whole cause."))
    return ids
