"""Whether known people are found, for scripts."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response
from pydantic import Field

from core.search_check import check_now
from webapp.api.answers.search_checks import SearchCheckAnswer, SearchCheckList
from webapp.api.operation import operation, reply
from webapp.api.reading import Cursor
from webapp.extensions import db
from webapp.queries import search_checks
from webapp.security import actor

blueprint = Blueprint("search_checks", __name__)


class CheckQuery(Cursor):
    """Which checks."""

    job_id: UUID | None = Field(None, description="The check that followed this job.")


@blueprint.get("/search/checks")
@operation("read", {200: (SearchCheckList,)})
def index(query: CheckQuery) -> Response:
    """List checks of the search, newest first."""
    page = search_checks.find_page(db.session(), query.job_id, query.cursor, query.limit)
    return reply(SearchCheckList.of(page, SearchCheckAnswer.model_validate))


@blueprint.post("/search/checks")
@operation("operate", {201: (SearchCheckAnswer,)}, problems=(409,))
def create() -> Response:
    """Ask for known people by the vectors kept of their texts, which costs nothing, and keep what came of it."""
    return reply(SearchCheckAnswer.model_validate(check_now(actor())), 201)
