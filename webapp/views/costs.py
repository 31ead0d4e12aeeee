"""/costs: what embedding has cost, by whom and what for, and what was saved."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from core.errors import Invalid
from webapp import costs_page, exports
from webapp.queries import costs
from webapp.security import role

bp = Blueprint("costs", __name__)


@bp.get("/costs")
@role("viewer")
def index() -> ResponseReturnValue:
    try:
        found = costs_page.read(costs_page.asked(request.args))
    except Invalid as bad:
        return render_template("costs/index.html", costs=None, given=request.args, errors=bad.errors), 422
    return render_template("costs/index.html", costs=found, given=found.asked.args, errors={})


@bp.get("/costs.<any(csv, json):ending>")
@role("viewer")
def export(ending: str) -> ResponseReturnValue:
    what = costs_page.asked(request.args)
    return exports.download(
        f"costs-by-{what.by}",
        ending,
        lambda session: (costs_page.line(what.by, cost) for cost in costs.each(session, what.where, what.by)),
    )
