"""/embeddings: chosen people, brought into the index now."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from core.errors import Invalid
from core.jobs.launch import launch
from core.kinds import KINDS
from webapp.extensions import db, redis
from webapp.forms import payload_from
from webapp.i18n import gettext as _
from webapp.security import actor, role

bp = Blueprint("embeddings", __name__)


@bp.post("/embeddings")
@role("operator")
def create() -> ResponseReturnValue:
    if not request.form.getlist("candidate_ids"):
        raise Invalid(_("Nobody was chosen. Tick the people first."))
    kind = KINDS["etl.embed"]
    payload = payload_from(kind.payload, request.form)
    launched = launch(db.session(), redis, kind, payload, actor=actor(), reason=request.form.get("reason", "").strip())
    if not launched.new:
        flash(_("The same is under way already: here it is, nothing was launched twice."), "wait")
    return redirect(url_for("jobs.show", job_id=launched.job_id), 303)
