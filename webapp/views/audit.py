"""/audit: who did what, when, on what and why."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from core.errors import Invalid
from core.models import AuditEvent
from webapp import audit_filter, exports
from webapp.acts import ACTS
from webapp.extensions import db
from webapp.queries import audit, people
from webapp.queries.page import Page
from webapp.security import role

bp = Blueprint("audit", __name__)

FIELDS = ("id", "at", "actor", "action", "target", "reason", "before", "after", "address", "request_id")


@bp.get("/audit")
@role("admin")
def index() -> ResponseReturnValue:
    try:
        page = audit.find_page(db.session(), audit_filter.read(request.args), request.args.get("cursor") or None)
    except Invalid as bad:
        return _list(Page((), None, 0, True), bad.errors), 422
    return _list(page, {})


@bp.get("/audit.<any(csv, json):ending>")
@role("admin")
def export(ending: str) -> ResponseReturnValue:
    where = audit_filter.read(request.args)
    return exports.download("audit", ending, lambda session: map(_line, audit.each(session, where)))


@bp.get("/audit/<int:event_id>")
@role("admin")
def show(event_id: int) -> ResponseReturnValue:
    return render_template("audit/show.html", event=audit.show(db.session(), event_id))


def _list(page: Page[AuditEvent], errors: dict[str, str]) -> str:
    given, names = audit_filter.given(request.args), people.names(db.session())
    return render_template("audit/index.html", page=page, given=given, errors=errors, acts=ACTS, names=names)


def _line(event: AuditEvent) -> dict[str, object]:
    return {name: getattr(event, name) for name in FIELDS}
