"""/workers: who is there, what each works on and how it is; let one drain, stop, or go on."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.jobs import orders
from webapp import fresh, worker_page
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.reasons import reason
from webapp.security import actor, poll, role

bp = Blueprint("workers", __name__)

ASKS = {"drain": "workers/drain.html", "stop": "workers/stop.html"}


@bp.get("/workers")
@role("viewer")
def index() -> ResponseReturnValue:
    return render_template("workers/index.html", workers=worker_page.read())


@bp.get("/workers/live")
@role("viewer")
@poll
def index_live() -> ResponseReturnValue:
    workers = worker_page.read()
    seen = repr(workers and [worker.seen for worker in workers])
    return fresh.unless_same(seen, lambda: render_template("workers/poll.html", workers=workers))


@bp.get("/workers/<name>/drains/new")
@role("operator")
def new_drain(name: str) -> ResponseReturnValue:
    return _ask("drain", name, {})


@bp.post("/workers/<name>/drains")
@role("operator")
def create_drain(name: str) -> ResponseReturnValue:
    if not reason():
        return _ask("drain", name, {"reason": _("Say why: it is kept in the audit.")}), 422
    worker = worker_page.show(name)
    orders.drain(db.session(), worker.own.name, actor=actor(), reason=reason())
    return _done(_("%(name)s ends its part and takes no other.", name=name))


@bp.get("/workers/<name>/stops/new")
@role("operator")
def new_stop(name: str) -> ResponseReturnValue:
    return _ask("stop", name, {})


@bp.post("/workers/<name>/stops")
@role("operator")
def create_stop(name: str) -> ResponseReturnValue:
    if not reason():
        return _ask("stop", name, {"reason": _("Say why: it is kept in the audit.")}), 422
    worker = worker_page.show(name)
    orders.stop(db.session(), worker.own.name, actor=actor(), reason=reason())
    return _done(_("%(name)s ends its batch, hands back and exits.", name=name))


@bp.post("/workers/<name>/resumptions")
@role("operator")
def create_resumption(name: str) -> ResponseReturnValue:
    worker = worker_page.show(name)
    orders.resume(db.session(), worker.own.name, actor=actor(), reason=reason())
    return _done(_("%(name)s takes parts again.", name=name))


def _ask(what: str, name: str, errors: dict[str, str]) -> str:
    return render_template(ASKS[what], worker=worker_page.show(name), errors=errors)


def _done(said: str) -> ResponseReturnValue:
    flash(said, "ok")
    return redirect(url_for("workers.index"), 303)
