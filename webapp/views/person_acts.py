"""/people/<id>/…: another role, a new password, no way in any more, a way in again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.access import deactivate, reactivate, set_password, set_role
from core.errors import Invalid, Refused
from core.models import Person
from webapp import once, password_form, person_page, sessions
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.queries import people
from webapp.reasons import reason
from webapp.security import actor, role
from webapp.sentences import beside
from webapp.shared import ROLE_NAMES

bp = Blueprint("person_acts", __name__, url_prefix="/people/<int:person_id>")


@bp.post("/roles")
@role("admin")
def roles(person_id: int) -> ResponseReturnValue:
    person, wanted = people.show(db.session(), person_id), request.form.get("role", "")
    try:
        set_role(db.session(), person.name, wanted, actor(), reason())
    except Invalid as bad:
        return person_page.draw(person, beside(bad)), 422
    return _done(person, _("%(name)s is %(role)s now.", name=person.name, role=ROLE_NAMES[wanted]))


@bp.post("/passwords")
@role("admin")
def passwords(person_id: int) -> ResponseReturnValue:
    person = people.show(db.session(), person_id)
    try:
        password = password_form.read(request.form)
        set_password(db.session(), person.name, password.text, actor())
    except Invalid as bad:
        return person_page.draw(person, beside(bad)), 422
    if password.made:
        once.keep(f"person:{person.id}", password.text)
    return _done(person, _("%(name)s has a new password.", name=person.name))


@bp.get("/deactivations/new")
@role("admin")
def new_deactivation(person_id: int) -> ResponseReturnValue:
    person = people.show(db.session(), person_id)
    if not person.active:
        raise Refused(_("%(name)s is deactivated already.", name=person.name))
    return _ask(person, {})


@bp.post("/deactivations")
@role("admin")
def deactivations(person_id: int) -> ResponseReturnValue:
    person = people.show(db.session(), person_id)
    if not reason():
        return _ask(person, {"reason": _("Say why: it is kept in the audit.")}), 422
    deactivate(db.session(), person.name, actor(), reason())
    return _done(person, _("%(name)s is deactivated.", name=person.name))


@bp.post("/reactivations")
@role("admin")
def reactivations(person_id: int) -> ResponseReturnValue:
    person = people.show(db.session(), person_id)
    reactivate(db.session(), person.name, actor())
    return _done(person, _("%(name)s may sign in again.", name=person.name))


def _ask(person: Person, errors: dict[str, str]) -> str:
    count = people.tokens_in_use(db.session(), person)
    return render_template("people/deactivate.html", person=person, tokens=count, errors=errors)


def _done(person: Person, said: str) -> ResponseReturnValue:
    db.session.commit()
    sessions.end_all(person)
    flash(said, "ok")
    return redirect(url_for("people.show", person_id=person.id), 303)
