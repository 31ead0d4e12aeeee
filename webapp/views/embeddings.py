"""/embeddings: chosen people, brought into the index now; and what that would take."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.jobs.launch import launch
from webapp import embed_form
from webapp.extensions import db, redis
from webapp.i18n import gettext as _
from webapp.preview import foretold
from webapp.security import actor, role

bp = Blueprint("embeddings", __name__)


@bp.post("/embeddings/new")
@role("operator")
def new() -> ResponseReturnValue:
    """Show what a launch would do, before anything is spent. A POST, for the choice may be long; it changes nothing."""
    asked = embed_form.read(request.form)
    around = foretold(asked.kind, asked.payload)
    return render_template("launches/embed.html", asked=asked, form=request.form, **around)


@bp.post("/embeddings")
@role("operator")
def create() -> ResponseReturnValue:
    asked = embed_form.read(request.form)
    launched = launch(db.session(), redis, asked.kind, asked.payload, actor=actor(), reason=asked.reason)
    if not launched.new:
        flash(_("The same is under way already: here it is, nothing was launched twice."), "wait")
    return redirect(url_for("jobs.show", job_id=launched.job_id), 303)
