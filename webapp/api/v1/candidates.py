"""Candidates for scripts: who is where in the index, and how they got there."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint, Response
from pydantic import Field, Json

from core.errors import NotFound
from core.kinds.etl_sync import Where
from core.pipeline.plan import point_id
from core.ports import RecordFilter
from webapp.api.answers.candidates import CandidateAnswer, CandidateItem, CandidateList, HappeningAnswer, PlaceAnswer
from webapp.api.answers.failures import FailureAnswer
from webapp.api.operation import operation, reply
from webapp.api.reading import Cursor, Words
from webapp.extensions import db
from webapp.queries import candidates, coverage
from webapp.queries.candidates import CandidateFilter
from webapp.queries.page import number

blueprint = Blueprint("candidates", __name__)


class CandidateQuery(Cursor):
    """Which candidates."""

    state: Literal[candidates.STATES] | None = None  # type: ignore[valid-type]
    q: Words = Field("", description="One of our ids, the start of an external id, or of the words of a name.")
    filter: Json[Where] | None = Field(None, description="A record filter, as JSON.")


@blueprint.get("/candidates")
@operation("read", {200: (CandidateList,)})
def index(query: CandidateQuery) -> Response:
    """List candidates with their place in the index, newest first."""
    where = CandidateFilter(query.state, query.q, record_filter(query.filter))
    page = candidates.find_page(db.session(), where, coverage.show(db.session()), query.cursor, query.limit)
    return reply(CandidateList.of(page, CandidateItem.model_validate))


@blueprint.get("/candidates/<candidate_id>")
@operation("read", {200: (CandidateAnswer,)})
def show(candidate_id: str) -> Response:
    """Tell where one candidate is in the index, and how it got there."""
    try:
        wanted = number(candidate_id)
    except ValueError:
        raise NotFound("There is no such candidate: our ids are whole numbers.") from None
    detail = candidates.show(db.session(), wanted, coverage.show(db.session()))
    own = {name: getattr(detail.candidate, name, None) for name in CandidateAnswer.model_fields}
    beside = {
        "skills": detail.skills,
        "languages": detail.languages,
        "state": detail.state,
        "point_id": point_id(wanted),
        "places": [PlaceAnswer.model_validate(place) for place in detail.places],
        "failures": [FailureAnswer.model_validate(failure) for failure in detail.failures],
        "history": [HappeningAnswer.model_validate(line) for line in detail.history],
    }
    return reply(CandidateAnswer.model_validate(own | beside))


def record_filter(where: Where | None) -> RecordFilter:
    """Turn the filter of a request into the one that the core knows."""
    return RecordFilter(**dict(where)) if where else RecordFilter()
