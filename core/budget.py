"""MONTHLY_BUDGET: what embedding may cost in a calendar month (UTC), at the price list. Beyond it, jobs wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from core import spend
from core.errors import TryAgain
from core.prices import bill_of
from core.settings import settings

LOOK_SECONDS = 60.0  # who waits looks so often whether the budget was raised, or the month is over


@dataclass(frozen=True, slots=True)
class Month:
    """How this month's money goes. What is foretold supposes that the rest of the month costs as the days so far."""

    first: date
    spent: float
    currency: str
    budget: float | None
    foretold: float  # the whole month's bill
    reached: datetime | None  # when the budget is used up; None without one, or when it lasts

    @property
    def left(self) -> float | None:
        return None if self.budget is None else max(0.0, self.budget - self.spent)


def month(session: Session, budget: float | None) -> Month:
    """Read what this month has cost, and foretell the rest of it."""
    now = datetime.now(UTC)
    spent, currency = bill_of(spend.tokens_since(session, now.date().replace(day=1)))
    return foretell(spent, currency, budget, now)


def foretell(spent: float, currency: str, budget: float | None, now: datetime) -> Month:
    """Foretell a month from what it has cost so far; its first day counts whole, for an hour says nothing."""
    first = datetime.combine(now.date().replace(day=1), time(), UTC)
    end = datetime.combine(_following(first.date()), time(), UTC)
    each = spent / max(86400.0, (now - first).total_seconds())
    foretold = spent + each * (end - now).total_seconds()
    reached = None
    if budget is not None and foretold > budget and each:
        reached = now + timedelta(seconds=max(0.0, budget - spent) / each)
    return Month(first.date(), spent, currency, budget, foretold, reached)


def require(sessions: sessionmaker[Session]) -> None:
    """Raise TryAgain (paced) when the month's money is spent. Asked before each paid call of a job; searches go on."""
    budget = settings().monthly_budget
    if budget is None:
        return
    with sessions() as session:
        moment: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
        month = moment.astimezone(UTC).date().replace(day=1)
        tokens = spend.tokens_since(session, month)
    amount, currency = bill_of(tokens)
    if amount >= budget:
        raise TryAgain(
            _sentence(budget, amount, currency, month), code="monthly_budget", after=LOOK_SECONDS, paced=True
        )


def _sentence(budget: float, amount: float, currency: str, month: date) -> str:
    following = _following(month)
    return (
        f"the budget of {budget:,.2f} {currency} for {month:%B} is used up ({amount:,.2f} {currency}): set "
        f"MONTHLY_BUDGET higher, or it goes on by itself on {following.day} {following:%B}"
    )


def _following(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)
