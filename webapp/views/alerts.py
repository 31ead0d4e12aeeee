"""/alerts: what is wrong now, and what was. And the same again for its poll."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from core.models import Alert
from webapp import alerts as looks
from webapp import exports, fresh
from webapp.extensions import db
from webapp.queries import alerts
from webapp.security import poll, role

bp = Blueprint("alerts", __name__)

FIELDS = ("id", "rule", "subject", "sentence", "cure", "fired_at", "cleared_at")


@bp.get("/alerts")
@role("viewer")
def index() -> ResponseReturnValue:
    return render_template("alerts/index.html", **_list())


@bp.get("/alerts/live")
@role("viewer")
@poll
def index_live() -> ResponseReturnValue:
    shown = _list()
    seen = [(alert.id, alert.sentence, alert.cleared_at) for alert in (*shown["open"], *shown["page"].items)]
    return fresh.unless_same(repr(seen), lambda: render_template("alerts/poll.html", **shown))


@bp.get("/alerts.<any(csv, json):ending>")
@role("viewer")
def export(ending: str) -> ResponseReturnValue:
    """Give all of them, those that stand too."""
    where = _where(None)
    return exports.download("alerts", ending, lambda session: map(_line, alerts.each(session, where)))


def _line(alert: Alert) -> dict[str, object]:
    return {name: getattr(alert, name) for name in FIELDS}


def _list() -> dict[str, Any]:
    where, cursor = _where(False), request.args.get("cursor") or None
    page = alerts.find_page(db.session(), where, cursor)
    return {"open": looks.standing(), "page": page, "where": where, "cursor": cursor}


def _where(standing: bool | None) -> alerts.AlertFilter:
    return alerts.AlertFilter(standing, request.args.get("rule") or None, request.args.get("subject") or None)
