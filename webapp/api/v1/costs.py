"""What embedding has cost, for scripts."""

from __future__ import annotations

from datetime import date
from typing import Literal

from flask import Blueprint, Response
from pydantic import Field

from webapp import costs_page
from webapp.api.answers.costs import CostList, costs_answer
from webapp.api.operation import operation, reply
from webapp.api.reading import Request

blueprint = Blueprint("costs", __name__)


class CostQuery(Request):
    """Which days, both whole and in UTC, and what to list."""

    from_: date | None = Field(None, alias="from", description="The first day; the first of the month of `to`.")
    to: date | None = Field(None, description="The last day; today. At most 366 days at once.")
    by: Literal["day", "kind", "person", "model", "job"] = Field("day", description="What each item stands for.")


@blueprint.get("/costs")
@operation("read", {200: (CostList,)})
def index(query: CostQuery) -> Response:
    """Sum what was billed, list it by what `by` says, the dearest 50 first, and estimate what was saved."""
    given = {name: str(value) for name, value in query.model_dump(by_alias=True).items() if value is not None}
    return reply(costs_answer(costs_page.read(costs_page.asked(given))))
