"""/queues: what waits in each, who listens, what limits them; pause one with a reason, and let it go on."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.errors import Refused
from core.jobs.pauses import pause, resume
from webapp import fresh, queue_page
from webapp.extensions import db, redis
from webapp.i18n import gettext as _
from webapp.queries import queues
from webapp.reasons import reason
from webapp.security import actor, poll, role

bp = Blueprint("queues", __name__)


@bp.get("/queues")
@role("viewer")
def index() -> ResponseReturnValue:
    return render_template("queues/index.html", board=queue_page.read_now())


@bp.get("/queues/live")
@role("viewer")
@poll
def index_live() -> ResponseReturnValue:
    board = queue_page.read()
    return fresh.unless_same(repr(board), lambda: render_template("queues/poll.html", board=board))


@bp.get("/queues/<name>/pauses/new")
@role("operator")
def new_pause(name: str) -> ResponseReturnValue:
    queue = queues.show(db.session(), name)
    if queue.pause is not None:
        raise Refused(_("%(queue)s is paused already.", queue=name))
    return render_template("queues/pause.html", queue=queue, errors={})


@bp.post("/queues/<name>/pauses")
@role("operator")
def create_pause(name: str) -> ResponseReturnValue:
    queue = queues.show(db.session(), name)
    if not reason():
        errors = {"reason": _("Say why: whoever waits for it reads this.")}
        return render_template("queues/pause.html", queue=queue, errors=errors), 422
    pause(db.session(), redis, name, actor=actor(), reason=reason())
    flash(_("%(queue)s is paused: what runs goes back to it with its batch.", queue=name), "ok")
    return redirect(url_for("queues.index"), 303)


@bp.post("/queues/<name>/resumptions")
@role("operator")
def create_resumption(name: str) -> ResponseReturnValue:
    resume(db.session(), redis, queues.known(name), actor=actor(), reason=reason())
    flash(_("%(queue)s goes on.", queue=name), "ok")
    return redirect(url_for("queues.index"), 303)
