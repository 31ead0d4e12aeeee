"""What the page of costs, its file and the API have in common: which days, by what, what it cost and what was saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from flask import current_app

from core import budget
from core.errors import Invalid
from core.prices import Prices, current
from core.settings import Settings
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.queries import costs
from webapp.queries.costs import Cost, CostFilter

MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    where: CostFilter
    by: str

    @property
    def args(self) -> dict[str, str]:
        return {"from": self.where.first.isoformat(), "to": self.where.last.isoformat(), "by": self.by}


@dataclass(frozen=True, slots=True)
class Savings:
    """Texts that were not paid for; what they would have cost is estimated from those that were, None = not known."""

    unchanged: int = 0
    kept: int = 0
    tokens: int | None = 0
    amount: float | None = 0.0

    @property
    def texts(self) -> int:
        return self.unchanged + self.kept


@dataclass(frozen=True, slots=True)
class Costs:
    """All there is to show; `unpriced` are models that were used and are not on the price list."""

    asked: Asked
    total: Cost
    days: Sequence[Cost]
    models: Sequence[Cost]
    groups: Sequence[Cost]
    saved: Savings
    month: budget.Month
    prices: Prices
    unpriced: Sequence[str]

    @property
    def cut(self) -> bool:
        """Say whether only the dearest are shown."""
        return self.asked.by != "day" and len(self.groups) == costs.MOST_SHOWN


def asked(args: Mapping[str, str]) -> Asked:
    """Read the address; raise Invalid that names a day that is none. This month counts where nothing is said."""
    errors: dict[str, str] = {}
    today = datetime.now(UTC).date()
    last = _day(args, "to", today, errors)
    first = _day(args, "from", last.replace(day=1), errors)
    by = args.get("by") or "day"
    if by not in costs.GROUPS:
        errors["by"] = _("Choose one of %(names)s.", names=", ".join(costs.GROUPS))
    if not errors and first > last:
        errors["from"] = _("The first day is after the last.")
    if not errors and (last - first).days >= MOST_DAYS:
        errors["from"] = _("At most %(n)s days at once.", n=MOST_DAYS)
    if errors:
        raise Invalid(_("Some fields need a second look."), errors)
    return Asked(CostFilter(first, last), by)


def read(what: Asked) -> Costs:
    session, prices = db.session(), current()
    sums = costs.sums(session, what.where)
    return Costs(
        asked=what,
        total=sums.total,
        days=sums.days,
        models=sums.models,
        groups=_groups(what, sums),
        saved=_savings(costs.saved(session, what.where), sums.models),
        month=month(),
        prices=prices,
        unpriced=[cost.key for cost in sums.models if cost.tokens and cost.key not in prices.per_million_tokens],
    )


def _groups(what: Asked, sums: costs.Sums) -> Sequence[Cost]:
    known = {"day": [day for day in sums.days if day.texts], "model": sums.models[: costs.MOST_SHOWN]}
    return known[what.by] if what.by in known else costs.find(db.session(), what.where, what.by)


def month() -> budget.Month:
    """Read how this month's money goes."""
    settings: Settings = current_app.extensions["settings"]
    return budget.month(db.session(), settings.monthly_budget)


def line(by: str, cost: Cost) -> dict[str, object]:
    """Write one row of a file."""
    named: dict[str, object] = {by: cost.key or "search"}
    if by == "job":
        named["title"] = cost.title
    money = {"amount": round(cost.amount, 6), "currency": current().currency}
    return named | {"calls": cost.calls, "texts": cost.texts, "tokens": cost.tokens} | money


def _savings(found: Sequence[costs.Saved], models: Sequence[Cost]) -> Savings:
    """Price what was not paid for by the mean length of what was, model by model."""
    each = {cost.key: (cost.tokens / cost.texts, cost.amount / cost.texts) for cost in models if cost.texts}
    texts = [(one.model, one.unchanged + one.kept) for one in found if one.unchanged + one.kept]
    known = all(model in each for model, _n in texts)
    return Savings(
        unchanged=sum(one.unchanged for one in found),
        kept=sum(one.kept for one in found),
        tokens=round(sum(n * each[model][0] for model, n in texts)) if known else None,
        amount=sum(n * each[model][1] for model, n in texts) if known else None,
    )


def _day(args: Mapping[str, Any], name: str, usual: date, errors: dict[str, str]) -> date:
    written = str(args.get(name) or "").strip()
    try:
        return date.fromisoformat(written) if written else usual
    except ValueError:
        errors[name] = _("“%(value)s” is not a day like 2026-11-22.", value=written[:40])
        return usual
