"""Workers for scripts: who is there, and what is wanted of them."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, Response
from pydantic import StringConstraints

from core.errors import Unavailable
from core.jobs import orders
from webapp import worker_page
from webapp.api.answers.workers import WorkerAnswer, WorkerList, worker_answer
from webapp.api.operation import operation, reply
from webapp.api.reading import Reason, Request
from webapp.extensions import db
from webapp.security import actor

blueprint = Blueprint("workers", __name__)


class NewOrder(Request):
    """Why; the audit keeps it."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class WorkerResumption(Request):
    """Why it goes on; the audit keeps it."""

    reason: Reason = ""


@blueprint.get("/workers")
@operation("read", {200: (WorkerList,)}, problems=(503,))
def index() -> Response:
    """List the workers; 503 while Redis, which keeps their register, does not answer."""
    found = worker_page.read()
    if found is None:
        raise Unavailable("Redis keeps the register of workers, and does not answer.")
    items = [worker_answer(worker) for worker in found]
    return reply(WorkerList(items=items, next=None, total=len(items), total_exact=True))


@blueprint.post("/workers/<name>/drains")
@operation("operate", {200: (WorkerAnswer,)}, problems=(409,))
def create_drain(name: str, body: NewOrder) -> Response:
    """Let a worker end its part and take no other, until it is told to go on; 409 when it does already."""
    orders.drain(db.session(), worker_page.show(name).own.name, actor=actor(), reason=body.reason)
    return reply(worker_answer(worker_page.show(name)))


@blueprint.post("/workers/<name>/stops")
@operation("operate", {202: (WorkerAnswer,)}, problems=(409,))
def create_stop(name: str, body: NewOrder) -> Response:
    """Let a worker end its batch, hand back and exit; whoever supervises it may start a new one. 409 when it does."""
    worker = worker_page.show(name)
    orders.stop(db.session(), worker.own.name, actor=actor(), reason=body.reason)
    return reply(worker_answer(worker), 202)


@blueprint.post("/workers/<name>/resumptions")
@operation("operate", {200: (WorkerAnswer,)}, problems=(409,))
def create_resumption(name: str, body: WorkerResumption) -> Response:
    """Let a drained worker take parts again; 409 for one that is not drained."""
    orders.resume(db.session(), worker_page.show(name).own.name, actor=actor(), reason=body.reason)
    return reply(worker_answer(worker_page.show(name)))
