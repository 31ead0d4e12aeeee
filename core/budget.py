"""MONTHLY_BUDGET: what embedding may cost in a calendar month (UTC), at the price list. Beyond it, jobs wait."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from core import spend
from core.errors import TryAgain
from core.prices import bill_of
from core.settings import settings

LOOK_SECONDS = 60.0  # who waits looks so often whether the budget was raised, or the month is over


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
    following = (month + timedelta(days=31)).replace(day=1)
    return (
        f"the budget of {budget:,.2f} {currency} for {month:%B} is used up ({amount:,.2f} {currency}): set "
        f"MONTHLY_BUDGET higher, or it goes on by itself on {following.day} {following:%B}"
    )
