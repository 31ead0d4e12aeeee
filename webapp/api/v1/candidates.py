"""Candidates for scripts: who is where in the index, and how they got there."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from flask import Blueprint, Response
from pydantic import Field, Json, StringConstraints

from core.errors import NotFound
from core.intake.correction import Texts, correct
from core.kinds.etl_sync import Where
from core.ports import RecordFilter
from webapp import whereabouts
from webapp.api.answers.candidates import CandidateAnswer, CandidateItem, CandidateList
from webapp.api.answers.whereabouts import candidate_answer
from webapp.api.operation import operation, reply
from webapp.api.reading import Cursor, Request, Words
from webapp.extensions import db
from webapp.queries import candidates, coverage
from webapp.queries.candidates import CandidateFilter
from webapp.queries.page import number
from webapp.security import actor

blueprint = Blueprint("candidates", __name__)


class CandidateQuery(Cursor):
    """Which candidates."""

    state: Literal[candidates.LISTS] | None = None  # type: ignore[valid-type]
    q: Words = Field("", description="One of our ids, the start of an external id, or of the words of a name.")
    filter: Json[Where] | None = Field(None, description="A record filter, as JSON.")


class NewCorrection(Request):
    """A person's text, put right: only over the version that was read."""

    version: datetime = Field(description="The updated_at of the candidate as you read it.")
    texts: Texts = Field(description="Only what is given is written; null empties it.")
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class DetailQuery(Request):
    """How much to ask."""

    ask: bool = Field(False, description="Search by the headline, also where to embed it costs money.")


@blueprint.get("/candidates")
@operation("read", {200: (CandidateList,)})
def index(query: CandidateQuery) -> Response:
    """List candidates with their place in the index, newest first."""
    where = CandidateFilter(query.state, query.q, record_filter(query.filter))
    page = candidates.find_page(db.session(), where, coverage.show(db.session()), query.cursor, query.limit)
    return reply(CandidateList.of(page, CandidateItem.model_validate))


@blueprint.get("/candidates/<candidate_id>")
@operation("read", {200: (CandidateAnswer,)})
def show(candidate_id: str, query: DetailQuery) -> Response:
    """Tell whether one candidate can be found, with the point as it is now, and how it got there."""
    return reply(candidate_answer(whereabouts.of(_number(candidate_id), ask=query.ask)))


@blueprint.post("/candidates/<candidate_id>/corrections")
@operation("operate", {200: (CandidateAnswer,)}, problems=(409,))
def create_correction(candidate_id: str, body: NewCorrection) -> Response:
    """Mend a candidate's text. 409 when somebody has changed it since; the next job that takes them embeds it."""
    wanted = _number(candidate_id)
    correct(db.session(), wanted, body.texts, seen=body.version, actor=actor(), reason=body.reason)
    return reply(candidate_answer(whereabouts.of(wanted, ask=False)))


def _number(candidate_id: str) -> int:
    try:
        return number(candidate_id)
    except ValueError:
        raise NotFound("There is no such candidate: our ids are whole numbers.") from None


def record_filter(where: Where | None) -> RecordFilter:
    """Turn the filter of a request into the one that the core knows."""
    return RecordFilter(**dict(where)) if where else RecordFilter()
