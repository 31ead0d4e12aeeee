"""/: can recruiters find everyone, what runs, what needs a person. And the same again for its poll."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from webapp import attention, dependencies, fresh
from webapp.extensions import db
from webapp.queries import overview
from webapp.security import poll, role

bp = Blueprint("overview", __name__)

BUSY_SECONDS = 2
IDLE_SECONDS = 10


@bp.get("/")
@role("viewer")
def show() -> ResponseReturnValue:
    return render_template("overview/show.html", **_board())


@bp.get("/overview/live")
@role("viewer")
@poll
def live() -> ResponseReturnValue:
    board = _board()
    checks = [(check.name, check.ok, check.workers, check.busy) for check in board["checks"]]
    return fresh.unless_same(
        f"{board['board'].revision}{checks}", lambda: render_template("overview/poll.html", **board)
    )


def _board() -> dict[str, Any]:
    board = overview.read(db.session(), current_app.extensions["settings"].collection)
    checks = dependencies.look()
    every = BUSY_SECONDS if board.open else IDLE_SECONDS
    return {"board": board, "checks": checks, "notices": attention.notices(board, checks), "every": every}
