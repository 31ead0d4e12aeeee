"""/candidates/<id>/corrections: a person's text, mended by hand."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.errors import Invalid
from core.intake.correction import Outdated, correct
from core.jobs.launch import launch
from core.kinds import KINDS
from core.kinds.etl_embed import Embed
from webapp import correction_form
from webapp.causes import cause
from webapp.extensions import db, redis
from webapp.i18n import gettext as _
from webapp.queries import profile
from webapp.reasons import reason
from webapp.security import actor, role
from webapp.sentences import beside, local

bp = Blueprint("corrections", __name__, url_prefix="/candidates/<int:candidate_id>/corrections")


@bp.get("/new")
@role("operator")
def new(candidate_id: int) -> ResponseReturnValue:
    shown = profile.show(db.session(), candidate_id)
    why = cause(shown.failure.cause) if shown.failure else ""
    return _draw(shown, correction_form.boxes(shown) | {"reason": why}, {})


@bp.post("")
@role("operator")
def create(candidate_id: int) -> ResponseReturnValue:
    session, form = db.session(), request.form
    shown = profile.show(session, candidate_id)
    try:
        texts, seen = correction_form.read(form, reason()), correction_form.seen(form)
        correct(session, candidate_id, texts, seen=seen, actor=actor(), reason=reason())
    except Invalid as bad:
        return _draw(shown, _typed(shown), beside(bad), trouble=local(str(bad))), 422
    except Outdated as late:
        now = profile.show(session, candidate_id)
        return _draw(now, _typed(now), {}, trouble=local(str(late))), 409
    flash(_("Mended: %(name)s. The next job that takes them embeds the new text.", name=shown.full_name), "ok")
    return redirect(_launched(candidate_id) if form.get("then") == "embed" else _back(shown), 303)


def _draw(shown: profile.Profile, values: Mapping[str, str], errors: Mapping[str, str], trouble: str = "") -> str:
    """Draw the form; once it was sent and refused, each box that was changed has beside it what is stored now."""
    stored = correction_form.boxes(shown)
    return render_template(
        "corrections/new.html",
        profile=shown,
        values=values,
        errors=errors,
        trouble=trouble,
        stored=stored,
        marks=correction_form.marks(stored),
        longest=correction_form.LONGEST,
        back=request.values.get("back", ""),
    )


def _typed(shown: profile.Profile) -> dict[str, str]:
    """Give what the boxes hold: what is stored, and over it what was typed."""
    return correction_form.boxes(shown) | correction_form.changed(request.form) | {"reason": reason()}


def _launched(candidate_id: int) -> str:
    payload = Embed(candidate_ids=(candidate_id,))
    launched = launch(db.session(), redis, KINDS["etl.embed"], payload, actor=actor(), reason=reason())
    return url_for("jobs.show", job_id=launched.job_id)


def _back(shown: profile.Profile) -> str:
    """Go where the reader came from: to the rest of the group, or to the person."""
    if request.form.get("back") == "failures" and shown.failure is not None:
        return url_for("failures.index", cause=shown.failure.cause, _anchor="records")
    return url_for("candidates.show", candidate_id=shown.id)
