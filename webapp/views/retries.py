"""/jobs/<id>/retries: a new job for what a job left undone, or for one cause of its failures."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from core.jobs.retry import retry, retry_failures
from core.kinds import KINDS
from core.kinds.etl_embed import MOST_CHOSEN
from webapp.extensions import db, redis
from webapp.i18n import gettext as _
from webapp.queries import failures
from webapp.reasons import reason
from webapp.security import actor, role

bp = Blueprint("retries", __name__)


@bp.post("/jobs/<uuid:job_id>/retries")
@role("operator")
def create(job_id: UUID) -> ResponseReturnValue:
    session, why = db.session(), reason()
    if cause := request.form.get("cause"):
        where = failures.FailureFilter(job_id=job_id, cause=cause)
        ids = failures.ids(session, where, MOST_CHOSEN)
        launched = retry_failures(session, redis, KINDS, ids, actor=actor(), reason=why)
    else:
        launched = retry(session, redis, KINDS, job_id, actor=actor(), reason=why)
    flash(_("Launched.") if launched.new else _("This retry was launched already; here it is."), "ok")
    return redirect(url_for("jobs.show", job_id=launched.job_id), 303)
