"""/password: the reader's own."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_login import current_user

from core.access import set_password, verify_password
from core.errors import Invalid
from core.models import Person
from webapp import password_form, sessions
from webapp.extensions import db, limiter
from webapp.i18n import gettext as _
from webapp.security import actor, role
from webapp.sentences import beside

bp = Blueprint("own_password", __name__)

TRIES = "10 per 15 minutes"


def own_id() -> str:
    return f"password of {current_user.get_id()}"


def failed(response: Response) -> bool:
    return response.status_code == 422


@bp.get("/password")
@role("viewer")
def edit() -> ResponseReturnValue:
    return render_template("own_password/edit.html", errors={})


@bp.post("/password")
@role("viewer")
@limiter.limit(TRIES, key_func=own_id, deduct_when=failed)
def update() -> ResponseReturnValue:
    try:
        person = _set()
    except Invalid as bad:
        return render_template("own_password/edit.html", errors=beside(bad)), 422
    db.session.commit()
    sessions.end_all(person)
    flash(_("You have a new password. Wherever else you were signed in, you are not any more."), "ok")
    return redirect(url_for("overview.show"), 303)


def _set() -> Person:
    """Set it, for whoever knows the one they have: an open browser is not enough."""
    form = request.form
    if verify_password(db.session(), current_user.name, form.get("current", "")) is None:
        raise Invalid(_("Some fields need a second look."), {"current": _("This is not the password you have.")})
    if not form.get("password"):
        raise Invalid(_("Some fields need a second look."), {"password": _("Fill this in.")})
    return set_password(db.session(), current_user.name, password_form.read(form).text, actor())
