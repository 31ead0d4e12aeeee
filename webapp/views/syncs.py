"""/sync/new: whom to bring into the index, what that would take, and the launch."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.errors import Invalid
from core.jobs.launch import launch
from webapp import sync_form
from webapp.extensions import db, redis
from webapp.i18n import gettext as _
from webapp.preview import foretold
from webapp.security import actor, role

bp = Blueprint("syncs", __name__)


@bp.get("/sync/new")
@role("operator")
def new() -> ResponseReturnValue:
    values = sync_form.like(request.args["like"]) if "like" in request.args else request.args.to_dict()
    return render_template("launches/sync.html", values=values, errors={}, preview=None, call=None)


@bp.post("/sync/previews")
@role("operator")
def preview() -> ResponseReturnValue:
    """Draw what a launch would do: for htmx the panel alone, without JavaScript the whole page. Changes nothing."""
    page = "launches/_preview.html" if request.headers.get("HX-Request") else "launches/sync.html"
    try:
        asked = sync_form.read(request.form)
    except Invalid as bad:
        return render_template(page, values=sync_form.typed(), errors=bad.errors, preview=None, call=None)
    call, around = sync_form.as_call(asked, request.host_url), foretold(asked.kind, asked.payload)
    return render_template(page, values=sync_form.typed(), errors={}, asked=asked, call=call, **around)


@bp.post("/sync")
@role("operator")
def create() -> ResponseReturnValue:
    try:
        asked = sync_form.read(request.form)
    except Invalid as bad:
        return render_template(
            "launches/sync.html", values=sync_form.typed(), errors=bad.errors, preview=None, call=None
        ), 422
    launched = launch(db.session(), redis, asked.kind, asked.payload, actor=actor(), reason=asked.reason)
    if not launched.new:
        flash(_("The same is under way already: here it is, nothing was launched twice."), "wait")
    return redirect(url_for("jobs.show", job_id=launched.job_id), 303)
