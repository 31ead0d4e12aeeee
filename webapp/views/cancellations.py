"""/jobs/<id>/cancellations: what is lost and what is kept, then the act with its reason."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.errors import Refused
from core.jobs.cancel import cancel
from webapp.extensions import db, redis
from webapp.i18n import gettext as _
from webapp.queries import jobs
from webapp.reasons import reason
from webapp.security import actor, role

bp = Blueprint("cancellations", __name__)


@bp.get("/jobs/<uuid:job_id>/cancellations/new")
@role("operator")
def new(job_id: UUID) -> ResponseReturnValue:
    job = jobs.show(db.session(), redis, job_id)
    if job.over:
        raise Refused(_("This job is over already."))
    return render_template("cancellations/new.html", job=job, errors={}, values={})


@bp.post("/jobs/<uuid:job_id>/cancellations")
@role("operator")
def create(job_id: UUID) -> ResponseReturnValue:
    why = reason()
    if not why:
        job = jobs.show(db.session(), redis, job_id)
        errors = {"reason": _("Say why: it is kept with the job and in the audit.")}
        return render_template("cancellations/new.html", job=job, errors=errors, values=request.form), 422
    status = cancel(db.session(), redis, job_id, actor=actor(), reason=why)
    flash(_("Cancelled.") if status == "cancelled" else _("Cancelling: what runs stops with its batch."), "ok")
    return redirect(url_for("jobs.show", job_id=job_id), 303)
