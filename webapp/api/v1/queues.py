"""Queues for scripts: what waits in each, and a pause with its reason."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, Response
from pydantic import StringConstraints

from core.jobs.pauses import pause, resume
from webapp import queue_page
from webapp.api.answers.queues import QueueAnswer, QueueList, limits_answer, queue_answer
from webapp.api.operation import operation, reply
from webapp.api.reading import Reason, Request
from webapp.extensions import db, redis
from webapp.queries import queues
from webapp.security import actor

blueprint = Blueprint("queues", __name__)


class NewPause(Request):
    """Why the queue is paused: whoever waits for it reads this."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class Resumption(Request):
    """Why it goes on; the audit keeps it."""

    reason: Reason = ""


@blueprint.get("/queues")
@operation("read", {200: (QueueList,)})
def index() -> Response:
    """List the queues, with what waits and runs in each, how long it waited, who listens, and what limits them all."""
    board = queue_page.read()
    items = [queue_answer(queue, board) for queue in board.queues]
    limits = limits_answer(board.limits)
    return reply(QueueList(items=items, next=None, total=len(items), total_exact=True, limits=limits))


@blueprint.post("/queues/<name>/pauses")
@operation("operate", {200: (QueueAnswer,)}, problems=(409,))
def create_pause(name: str, body: NewPause) -> Response:
    """Let nobody begin anything of this queue; what runs goes back with its batch. 409 when it is paused already."""
    pause(db.session(), redis, queues.known(name), actor=actor(), reason=body.reason)
    return _one(name)


@blueprint.post("/queues/<name>/resumptions")
@operation("operate", {200: (QueueAnswer,)}, problems=(409,))
def create_resumption(name: str, body: Resumption) -> Response:
    """Let the queue go on at once; 409 when it is not paused."""
    resume(db.session(), redis, queues.known(name), actor=actor(), reason=body.reason)
    return _one(name)


def _one(name: str) -> Response:
    board = queue_page.read_now()
    return reply(queue_answer(next(queue for queue in board.queues if queue.name == name), board))
