"""The search by meaning, for scripts."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, Response
from pydantic import Field, Json, StringConstraints

from core.kinds.etl_sync import Where
from core.search import LONGEST_QUESTION, MOST, search
from webapp.api.answers.candidates import FoundAnswer, SearchList
from webapp.api.operation import operation, reply
from webapp.api.reading import Request
from webapp.api.v1.candidates import record_filter

blueprint = Blueprint("searches", __name__)

Question = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_QUESTION, pattern=r"^[^\x00]*$")]


class SearchQuery(Request):
    """What to look for, in any words; `limit` people at most."""

    q: Question
    limit: int = Field(10, ge=1, le=MOST)
    filter: Json[Where] | None = Field(None, description="A record filter, as JSON.")


@blueprint.get("/search")
@operation("read", {200: (SearchList,)})
def show(query: SearchQuery) -> Response:
    """Find people by meaning, best first."""
    found = search(query.q, limit=query.limit, where=record_filter(query.filter))
    items = [FoundAnswer.model_validate(hit) for hit in found.items]
    return reply(
        SearchList(items=items, next=None, total=len(items), total_exact=True, model=found.model, took_ms=found.took_ms)
    )
