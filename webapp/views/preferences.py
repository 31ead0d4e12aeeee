"""/preferences: the reader's theme and language."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from core.access import record
from core.errors import Invalid
from core.models import Person
from webapp import i18n, sessions
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.security import actor, role

bp = Blueprint("preferences", __name__)

THEMES = {"system": None, "light": "light", "dark": "dark"}


@bp.post("/preferences")
@role("viewer")
def update() -> ResponseReturnValue:
    person = db.session.get_one(Person, current_user.id)
    before = {"theme": person.theme, "language": person.language}
    if (theme := request.form.get("theme")) is not None:
        person.theme = _known(THEMES, theme)
    if (language := request.form.get("language")) is not None:
        person.language = _known({code: code for code in i18n.languages()}, language)
    after = {"theme": person.theme, "language": person.language}
    record(db.session(), actor(), "person.preferences", f"person:{person.name}", before=before, after=after)
    db.session.commit()
    sessions.forget(session["sid"])
    return redirect(_back(), 303)


def _known(choices: dict[str, str | None] | dict[str, str], chosen: str) -> str | None:
    if chosen not in choices:
        raise Invalid(_("There is no such choice."), {"choice": chosen[:40]})
    return choices[chosen]


def _back() -> str:
    """Go back to the page the form was on, which is one of ours."""
    parts = urlsplit(request.form.get("back", ""))
    if parts.netloc or parts.scheme or not parts.path.startswith("/") or parts.path.startswith(("//", "/\\")):
        return url_for("overview.show")
    return parts.path + (f"?{parts.query}" if parts.query else "")
