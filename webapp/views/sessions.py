"""/login and /logout."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_login import current_user

from core.access import Actor, record, verify_password
from webapp import i18n, sessions
from webapp.extensions import db, limiter
from webapp.i18n import gettext as _
from webapp.security import actor, public, role

bp = Blueprint("sessions", __name__)

TRIES = "10 per 15 minutes"
TRIES_OF_ADDRESS = "40 per 15 minutes"


def name_key() -> str:
    """Count tries by the name that was written, whoever wrote it."""
    return hashlib.sha256(request.form.get("username", "").strip().casefold().encode()).hexdigest()[:32]


def failed(response: Response) -> bool:
    return response.status_code != 303


@bp.get("/login")
@public
def new() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(url_for("overview.show"))
    response = Response(render_template("sessions/new.html", next=_inside("next"), values={}, problem=None))
    if (chosen := request.args.get("language")) in i18n.languages():
        response.set_cookie("language", chosen, max_age=31_536_000, samesite="Lax", secure=request.is_secure)
    return response


@bp.post("/login")
@public
@limiter.limit(TRIES, key_func=name_key, deduct_when=failed)
@limiter.limit(TRIES_OF_ADDRESS, deduct_when=failed)
def create() -> ResponseReturnValue:
    name = request.form.get("username", "")
    person = verify_password(db.session(), name, request.form.get("password", ""))
    if person is None:
        problem = _("Name or password is wrong. After ten wrong tries a name rests for 15 minutes.")
        page = render_template("sessions/new.html", next=_inside("next"), values={"username": name}, problem=problem)
        return page, 422
    sessions.sign_in(person)
    record(db.session(), Actor(person.name, request.remote_addr), "session.login", f"person:{person.name}")
    db.session.commit()
    return redirect(_inside("next") or url_for("overview.show"), 303)


@bp.post("/logout")
@role("viewer")
def delete() -> ResponseReturnValue:
    record(db.session(), actor(), "session.logout", f"person:{current_user.name}")
    db.session.commit()
    sessions.sign_out()
    return redirect(url_for("sessions.new"), 303)


def _inside(name: str) -> str:
    """Read where to go next; only a path of ours will do, never another site."""
    given = request.values.get(name, "")
    parts = urlsplit(given.replace("\\", "/"))
    ours = given.startswith("/") and not given.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return given if ours and given.isprintable() else ""
