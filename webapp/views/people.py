"""/people: who may sign in, as what; somebody new; one person."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.access import create_person
from core.errors import Invalid
from webapp import exports, once, password_form, person_page
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.queries import people
from webapp.security import actor, role
from webapp.sentences import beside

bp = Blueprint("people", __name__)

ACTIVE = {"yes": True, "no": False}


@bp.get("/people")
@role("admin")
def index() -> ResponseReturnValue:
    where = _where()
    page = people.find_page(db.session(), where, request.args.get("cursor") or None)
    return render_template("people/index.html", page=page, where=where)


@bp.get("/people.<any(csv, json):ending>")
@role("admin")
def export(ending: str) -> ResponseReturnValue:
    where = _where()
    return exports.download("people", ending, lambda session: map(person_page.line, people.each(session, where)))


@bp.get("/people/new")
@role("admin")
def new() -> ResponseReturnValue:
    return render_template("people/new.html", values={"role": "operator"}, errors={})


@bp.post("/people")
@role("admin")
def create() -> ResponseReturnValue:
    session, form = db.session(), request.form
    try:
        password = password_form.read(form)
        person = create_person(session, form.get("name", ""), password.text, form.get("role", ""), actor())
    except Invalid as bad:
        return render_template("people/new.html", values=form, errors=beside(bad)), 422
    if password.made:
        once.keep(f"person:{person.id}", password.text)
    session.commit()
    flash(_("%(name)s may sign in now.", name=person.name), "ok")
    return redirect(url_for("people.show", person_id=person.id), 303)


@bp.get("/people/<int:person_id>")
@role("admin")
def show(person_id: int) -> ResponseReturnValue:
    person = people.show(db.session(), person_id)
    return person_page.draw(person, {}, made=once.take(f"person:{person.id}"))


def _where() -> people.PersonFilter:
    args = request.args
    return people.PersonFilter(args.get("q", ""), args.get("role") or None, ACTIVE.get(args.get("active", "")))
