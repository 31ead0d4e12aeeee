"""/jobs/bulk: an act on many jobs: first what it would hit, then the job that does it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.jobs.launch import launch
from core.kinds import KINDS
from core.kinds.jobs_bulk import Bulk
from webapp import job_acts
from webapp.extensions import db, redis
from webapp.i18n import gettext as _
from webapp.queries.job_acts import foresee
from webapp.reasons import reason
from webapp.security import actor, role

bp = Blueprint("job_acts", __name__)


@bp.post("/jobs/bulk/new")
@role("operator")
def new() -> ResponseReturnValue:
    """Say what the act would hit and what not, and ask why. A POST, for the choice may be long; it changes nothing."""
    return _page(job_acts.bulk_of(request.values.get("act", ""), request.form), {})


@bp.post("/jobs/bulk")
@role("operator")
def create() -> ResponseReturnValue:
    bulk, why = job_acts.bulk_of(request.form.get("act", ""), request.form), reason()
    if bulk.act in job_acts.NEED_A_REASON and not why:
        return _page(bulk, {"reason": _("Say why: it is kept with each job and in the audit.")}), 422
    launched = launch(db.session(), redis, KINDS["jobs.bulk"], bulk, actor=actor(), reason=why)
    if not launched.new:
        flash(_("The same is under way already: here it is, nothing was launched twice."), "wait")
    return redirect(url_for("jobs.show", job_id=launched.job_id), 303)


def _page(bulk: Bulk, errors: dict[str, str]) -> str:
    return render_template(
        "job_acts/new.html",
        bulk=bulk,
        seen=foresee(db.session(), bulk),
        why=job_acts.WHY,
        form=request.form,
        at=request.form.get("at") or datetime.now(UTC).isoformat(),
        errors=errors,
    )
