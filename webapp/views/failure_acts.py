"""/failures/bulk: an act on many failures: first what it would hit, then the job that does it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.jobs.launch import launch
from core.kinds import KINDS
from core.kinds.failures_bulk import Bulk
from webapp import failure_acts
from webapp.extensions import db, redis
from webapp.i18n import gettext as _
from webapp.queries.failure_acts import foresee
from webapp.reasons import reason
from webapp.security import actor, role

bp = Blueprint("failure_acts", __name__)


@bp.post("/failures/bulk/new")
@role("operator")
def new() -> ResponseReturnValue:
    """Say what the act would hit and what not, and ask why. A POST, for the choice may be long; it changes nothing."""
    return _page(failure_acts.bulk_of(request.values.get("act", ""), request.form), {})


@bp.post("/failures/bulk")
@role("operator")
def create() -> ResponseReturnValue:
    bulk = failure_acts.bulk_of(request.form.get("act", ""), request.form)
    why = reason()
    if bulk.act == "discard" and not why:
        return _page(bulk, {"reason": _("Say why: it is kept with each record and in the audit.")}), 422
    launched = launch(db.session(), redis, KINDS["failures.bulk"], bulk, actor=actor(), reason=why)
    if not launched.new:
        flash(_("The same is under way already: here it is, nothing was launched twice."), "wait")
    return redirect(url_for("jobs.show", job_id=launched.job_id), 303)


def _page(bulk: Bulk, errors: dict[str, str]) -> str:
    seen = foresee(db.session(), bulk)
    return render_template(
        "failure_acts/new.html", bulk=bulk, seen=seen, why=failure_acts.WHY, form=request.form, errors=errors
    )
