"""Lists as files that have no view of their own filters: queues, workers, the records and the events of a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from core.errors import Unavailable
from core.kinds import KINDS
from webapp import exports, queue_page, worker_page
from webapp.extensions import db
from webapp.queries import coverage, jobs, records, results
from webapp.queries.page import MOST, Page
from webapp.security import role

bp = Blueprint("files", __name__)

ENDING = "<any(csv, json):ending>"
OF_RECORD = ("part", "position", "record_id", "external_id", "full_name", "outcome", "cause", "reason", "failure_id")
OF_RESULT = ("part", "position", "record_id", "name", "outcome", "sentence", "job_id", "led_to")
OF_EVENT = ("id", "at", "level", "part", "message")


@bp.get(f"/queues.{ENDING}")
@role("viewer")
def queues(ending: str) -> Response:
    board = queue_page.read()
    lines = [queue_page.line(queue, board) for queue in board.queues]
    return exports.download("queues", ending, lambda session: lines)


@bp.get(f"/workers.{ENDING}")
@role("viewer")
def workers(ending: str) -> Response:
    found = worker_page.read()
    if found is None:
        raise Unavailable("Redis keeps the register of workers, and does not answer.")
    lines = [worker_page.line(worker) for worker in found]
    return exports.download("workers", ending, lambda session: lines)


@bp.get(f"/jobs/<uuid:job_id>/records.{ENDING}")
@role("viewer")
def job_records(job_id: UUID, ending: str) -> Response:
    """Give what became of each record of a job, in the order of work."""
    kind = KINDS.get(jobs.require(db.session(), job_id))
    of, collection = kind.record_kind if kind else "candidate", coverage.collection(db.session())

    def page(session: Session, cursor: str | None) -> Page[Any]:
        if of != "candidate":
            return results.find_page(session, job_id, of, cursor, MOST)
        return records.find_page(session, job_id, collection, cursor, MOST)

    return exports.download("records", ending, _all(page, OF_RECORD if of == "candidate" else OF_RESULT))


@bp.get(f"/jobs/<uuid:job_id>/events.{ENDING}")
@role("viewer")
def job_events(job_id: UUID, ending: str) -> Response:
    jobs.require(db.session(), job_id)
    page = _all(lambda session, cursor: jobs.events(session, job_id, cursor, MOST), OF_EVENT)
    return exports.download("events", ending, page)


def _all(
    page: Callable[[Session, str | None], Page[Any]], fields: tuple[str, ...]
) -> Callable[[Session], Iterator[exports.Row]]:
    """Turn the pages of a list one after the other; a slow reader holds no connection between two of them."""

    def rows(session: Session) -> Iterator[exports.Row]:
        cursor, more = None, True
        while more:
            found = page(session, cursor)
            lines = [{name: getattr(item, name) for name in fields} for item in found.items]
            session.commit()
            yield from lines
            cursor, more = found.next, found.next is not None

    return rows
