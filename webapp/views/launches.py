"""/launches/<kind>: the form of any kind, made from its payload, and its launch. A sync has a page of its own."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.errors import Invalid, NotFound
from core.jobs.kind import JobKind
from core.jobs.launch import launch
from core.kinds import KINDS
from webapp.extensions import db, redis
from webapp.forms import fields_of, payload_from
from webapp.reasons import reason
from webapp.security import actor, role

bp = Blueprint("launches", __name__)


@bp.get("/launches/<name>/new")
@role("operator")
def new(name: str) -> ResponseReturnValue:
    return _page(_kind(name), request.args.to_dict(), {})


@bp.post("/launches/<name>")
@role("operator")
def create(name: str) -> ResponseReturnValue:
    kind = _kind(name)
    try:
        payload = payload_from(kind.payload, request.form)
    except Invalid as bad:
        return _page(kind, request.form.to_dict(), bad.errors), 422
    launched = launch(db.session(), redis, kind, payload, actor=actor(), reason=reason())
    return redirect(url_for("jobs.show", job_id=launched.job_id), 303)


def _page(kind: JobKind, values: dict[str, str], errors: dict[str, str]) -> str:
    fields = list(fields_of(kind.payload))
    return render_template("launches/new.html", kind=kind, fields=fields, values=values, errors=errors)


def _kind(name: str) -> JobKind:
    if name not in KINDS:
        raise NotFound(f"There is no kind of job called {name[:60]}.")
    return KINDS[name]
