"""Costs, as scripts see them."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field

from webapp.api.answers.listing import Answer, Listing
from webapp.costs_page import Costs
from webapp.queries.costs import SEARCHES, Cost


class CostAnswer(BaseModel):
    """What one day, kind, person, model or job has cost; `key` is null where searches were paid for."""

    key: str | None
    title: str | None = Field(description="Of a job; null for the others.")
    calls: int
    texts: int
    tokens: int
    amount: float


class SavedAnswer(Answer):
    """Texts that were not paid for: unchanged, or with a vector that was kept; tokens and amount are estimates."""

    unchanged: int
    kept: int
    tokens: int | None
    amount: float | None


class MonthAnswer(Answer):
    """How this month's money goes; `foretold` and `reached` suppose the pace so far."""

    first: date
    spent: float
    budget: float | None = Field(description="MONTHLY_BUDGET; null when none is set.")
    left: float | None
    foretold: float = Field(description="The bill of the whole month.")
    reached: datetime | None = Field(description="When the budget is used up; null when it lasts.")


class CostList(Listing[CostAnswer]):
    """What embedding was billed in these days, in UTC, at the price list of `prices_as_of`; `sum` is all of it.

    The dearest 50 are listed on one page; where `total` is not exact, there are more, which the file /costs.csv has.
    """

    currency: str
    prices_as_of: date
    sum: CostAnswer
    saved: SavedAnswer
    month: MonthAnswer
    unpriced: list[str] = Field(description="Models that were used and are not on the price list.")


def costs_answer(found: Costs) -> CostList:
    return CostList(
        currency=found.prices.currency,
        prices_as_of=found.prices.as_of,
        sum=_cost(found.total),
        items=[_cost(cost) for cost in found.groups],
        next=None,
        total=len(found.groups),
        total_exact=not found.cut,
        saved=SavedAnswer.model_validate(found.saved),
        month=MonthAnswer.model_validate(found.month),
        unpriced=list(found.unpriced),
    )


def _cost(cost: Cost) -> CostAnswer:
    key = None if cost.key == SEARCHES else cost.key
    return CostAnswer(
        key=key, title=cost.title, calls=cost.calls, texts=cost.texts, tokens=cost.tokens, amount=round(cost.amount, 6)
    )
