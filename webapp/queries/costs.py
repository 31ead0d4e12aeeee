"""What embedding has cost, read from the daily rows of the ledger: by day, kind, person, model or job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, any_, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from core.models import Job, Spend
from core.models.money import NOBODY
from core.prices import current
from webapp.queries.page import BATCH

GROUPS = ("day", "kind", "person", "model", "job")
MOST_SHOWN = 50
MOST_IN_FILE = 100_000
MOST_JOBS = 10_000  # so many jobs, the newest, are asked what they did not pay for
SEARCHES = ""  # the kind, the person and the job of what people's searches have cost


@dataclass(frozen=True, slots=True)
class CostFilter:
    """From the first day to the last, both whole, in UTC."""

    first: date
    last: date


class Cost(NamedTuple):
    """What one day, kind, person, model or job has cost at the price list of today; `title` is a job's."""

    key: str
    calls: int = 0
    texts: int = 0
    tokens: int = 0
    amount: float = 0.0
    title: str | None = None


class Saved(NamedTuple):
    """Texts that jobs did not pay for, by model: unchanged since they were embedded, or with a vector that was kept."""

    model: str
    unchanged: int
    kept: int


_DEAREST = "sum(amount) DESC, sum(tokens) DESC, sum(inputs) DESC, 1"
# What `by` groups by, and in which order.
_BY = {
    "day": ("day::text", "1"),
    "kind": ("kind", _DEAREST),
    "person": ("person", _DEAREST),
    "model": ("model", _DEAREST),
    "job": ("job_id", _DEAREST),
}
# Exact up to 2^53; sums of bigints are numerics, which take twice as long.
_SPENT = """
WITH price AS (SELECT * FROM unnest(cast(:models AS text[]), cast(:prices AS float8[])) AS price(model, each)),
spent AS NOT MATERIALIZED (
    SELECT job_id, kind, person, model, day, calls::float8, inputs::float8, tokens::float8,
           tokens * coalesce(price.each, 0) / 1e6 AS amount
    FROM spend LEFT JOIN price USING (model) WHERE day BETWEEN :first AND :last
)
"""
_EACH = (
    "SELECT {key}, sum(calls), sum(inputs), sum(tokens), sum(amount) FROM spent GROUP BY 1 ORDER BY {order} LIMIT :most"
)
# Of a year's jobs nearly all are left out: their sums need not be kept beside each other.
_EACH_JOB = """
, dearest AS (SELECT {key} FROM spent GROUP BY 1 ORDER BY {order} LIMIT :most)
SELECT {key}, sum(calls), sum(inputs), sum(tokens), sum(amount) FROM spent JOIN dearest USING ({key})
GROUP BY 1 ORDER BY {order}
"""
# The figures of a job's step and its bill say it: who was embedded, and how many texts were paid for.
_SAVED = text("""
WITH job AS MATERIALIZED (
    SELECT id, model, started_at, jsonb_path_query_first(steps, '$[*] ? (@.name == "embed")') AS step
    FROM jobs WHERE started_at BETWEEN :first AND :last AND model IS NOT NULL
    ORDER BY started_at DESC LIMIT :most
),
bill AS (
    SELECT job_id AS id, sum(inputs) AS paid FROM spend
    WHERE day >= (SELECT min((started_at AT TIME ZONE 'UTC')::date) FROM job) GROUP BY 1
)
SELECT model, coalesce(sum((step->>'skipped')::bigint), 0),
    coalesce(sum(greatest((step->>'done')::bigint - coalesce(paid, 0), 0)), 0)
FROM job LEFT JOIN bill USING (id) GROUP BY model ORDER BY model
""")


class Sums(NamedTuple):
    """What these days have cost in all, by day, also those without any cost, and by model, the dearest first."""

    total: Cost
    days: Sequence[Cost]
    models: Sequence[Cost]


def sums(session: Session, where: CostFilter) -> Sums:
    """Read the daily rows once, for all three."""
    counts = (func.sum(Spend.calls), func.sum(Spend.inputs), func.sum(Spend.tokens))
    rows = select(Spend.day, Spend.model, *counts).where(Spend.day.between(where.first, where.last))
    total, days, models = Cost(SEARCHES), {day: Cost(day) for day in _days(where)}, dict[str, Cost]()
    for day, model, *counted in session.execute(rows.group_by(Spend.day, Spend.model)):
        cost = _priced(model, *map(int, counted))
        total = _add(total, cost, SEARCHES)
        days[day.isoformat()] = _add(days[day.isoformat()], cost, day.isoformat())
        models[model] = _add(models.get(model, Cost(model)), cost, model)
    dearest = sorted(models.values(), key=lambda cost: (-cost.amount, -cost.tokens, -cost.texts))
    return Sums(total, list(days.values()), dearest)


def _days(where: CostFilter) -> list[str]:
    return [(where.first + timedelta(days=n)).isoformat() for n in range((where.last - where.first).days + 1)]


def _priced(model: str, calls: int, texts: int, tokens: int) -> Cost:
    return Cost(model, calls, texts, tokens, current().per_million_tokens.get(model, 0.0) * tokens / 1_000_000)


def _add(one: Cost, other: Cost, key: str) -> Cost:
    calls, texts, tokens = one.calls + other.calls, one.texts + other.texts, one.tokens + other.tokens
    return Cost(key, calls, texts, tokens, one.amount + other.amount)


def find(session: Session, where: CostFilter, by: str, most: int = MOST_SHOWN) -> Sequence[Cost]:
    """List what `by` says, the dearest first; days in their order."""
    found = _read(session, where, by, most)
    return _titled(session, found) if by == "job" else found


def each(session: Session, where: CostFilter, by: str) -> Iterator[Cost]:
    """Give all of them for a file."""
    found = _read(session, where, by, MOST_IN_FILE)
    for n in range(0, len(found), BATCH):
        some = found[n : n + BATCH]
        yield from _titled(session, some) if by == "job" else some


def saved(session: Session, where: CostFilter) -> Sequence[Saved]:
    """Count what the newest jobs that began in these days did not pay for."""
    first, last = datetime.combine(where.first, time.min, UTC), datetime.combine(where.last, time.max, UTC)
    rows = session.execute(_SAVED, {"first": first, "last": last, "most": MOST_JOBS})
    return [Saved(model, int(unchanged), int(kept)) for model, unchanged, kept in rows]


def texts_of(session: Session, job_id: UUID) -> int:
    """Count the texts that a job has paid for."""
    paid = select(func.coalesce(func.sum(Spend.inputs), 0)).where(Spend.job_id == job_id)
    return int(session.execute(paid).scalar_one())


def _read(session: Session, where: CostFilter, by: str, most: int) -> list[Cost]:
    prices: Mapping[str, float] = current().per_million_tokens
    key, order = _BY[by]
    few_of_many = by == "job" and most <= MOST_SHOWN
    wanted = (_EACH_JOB if few_of_many else _EACH).format(key=key, order=order)
    given = {"first": where.first, "last": where.last, "most": most, "models": [*prices], "prices": [*prices.values()]}
    session.execute(text("SET LOCAL work_mem = '32MB'"))  # with less the jobs of a year are grouped on the disk
    rows = session.execute(text(_SPENT + wanted), given)
    return [Cost(str(key), int(calls), int(texts), int(tokens), amount) for key, calls, texts, tokens, amount in rows]


def _titled(session: Session, costs: Sequence[Cost]) -> list[Cost]:
    """Read the titles of the dearest jobs alone; a job without one is forgotten, and NOBODY's are searches."""
    ids = bindparam("ids", [UUID(cost.key) for cost in costs], type_=ARRAY(Uuid))
    rows = session.execute(select(Job.id, Job.title).where(Job.id == any_(ids)))
    titles = {str(job_id): title for job_id, title in rows}
    return [
        cost._replace(key=SEARCHES if cost.key == str(NOBODY) else cost.key, title=titles.get(cost.key))
        for cost in costs
    ]
