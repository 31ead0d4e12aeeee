"""/: can recruiters find everyone, what runs, what needs a person. And the same again for its poll."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from core.budget import Month
from core.jobs.ahead import with_ends
from webapp import alerts, attention, costs_page, dependencies, fresh, queue_page, waiting
from webapp.extensions import db, redis
from webapp.kept import Kept
from webapp.queries import overview
from webapp.security import poll, role

bp = Blueprint("overview", __name__)

Read = tuple[overview.Board, Month]  # what is read once a second for all

BUSY_SECONDS = 2
IDLE_SECONDS = 10


@bp.get("/")
@role("viewer")
def show() -> ResponseReturnValue:
    return render_template("overview/show.html", **_around(_kept().put(_read())))


@bp.get("/overview/live")
@role("viewer")
@poll
def live() -> ResponseReturnValue:
    board = _around(_kept().get(_read))
    checks = [(check.name, check.ok, check.workers, check.busy) for check in board["checks"]]
    told = [(alert.id, alert.sentence) for alert in alerts.standing()]
    seen = f"{board['board'].revision}{checks}{board['waits']}{told}{board['queues']}{board['month'].spent}"
    return fresh.unless_same(seen, lambda: render_template("overview/poll.html", **board), shared=True)


def _read() -> Read:
    board = overview.read(db.session(), current_app.extensions["settings"].collection)
    return replace(board, open=tuple(with_ends(redis, board.open))), costs_page.month()


def _kept() -> Kept[Read]:
    kept: Kept[Read] = current_app.extensions["board"]
    return kept


def _around(read: Read) -> dict[str, Any]:
    (board, month), checks = read, dependencies.look()
    return {
        "board": board,
        "checks": checks,
        "month": month,
        "queues": queue_page.read(),
        "notices": attention.notices(board, checks, alerts.standing(), month),
        "waits": waiting.waits_of(board.open),
        "every": BUSY_SECONDS if board.open else IDLE_SECONDS,
    }
