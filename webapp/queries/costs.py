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
from core.prices import current

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


_OF_JOBS = "spent LEFT JOIN (SELECT id AS job_id, {key} AS key FROM jobs) AS job USING (job_id)"
# What `by` groups by, from where, and in which order.
_BY = {
    "total": ("''", "spent", "1"),
    "day": ("day::text", "spent", "1"),
    "model": ("model", "spent", "sum(amount) DESC, sum(tokens) DESC, sum(inputs) DESC, 1"),
}
_BY |= {"job": ("job_id::text", *_BY["model"][1:])}
_BY |= {
    by: ("coalesce(key, '')", _OF_JOBS.format(key=column), _BY["model"][2])
    for by, column in (("kind", "kind"), ("person", "requested_by"))
}
_COSTS = """
WITH price AS (SELECT * FROM unnest(cast(:models AS text[]), cast(:prices AS float8[])) AS price(model, each)),
spent AS (
    SELECT job_id, model, day, calls, inputs, tokens, tokens * coalesce(price.each, 0) / 1e6 AS amount
    FROM spend LEFT JOIN price USING (model) WHERE day BETWEEN :first AND :last
)
SELECT {key}, sum(calls), sum(inputs), sum(tokens), sum(amount) FROM {source} GROUP BY 1 ORDER BY {order} LIMIT :most
"""
# The figures of a job's step and its bill say it: who was embedded, and how many texts were paid for.
_SAVED = text("""
WITH job AS (
    SELECT model, jsonb_path_query_first(steps, '$[*] ? (@.name == "embed")') AS step,
        coalesce((SELECT sum(inputs) FROM spend WHERE spend.job_id = jobs.id), 0) AS paid
    FROM jobs WHERE started_at >= :first AND started_at < :end AND model IS NOT NULL
    ORDER BY started_at DESC LIMIT :most
)
SELECT model, coalesce(sum((step->>'skipped')::bigint), 0),
    coalesce(sum(greatest((step->>'done')::bigint - paid, 0)), 0)
FROM job GROUP BY model ORDER BY model
""")


def total(session: Session, where: CostFilter) -> Cost:
    found = _read(session, where, "total", 1)
    return found[0] if found else Cost(SEARCHES)


def find(session: Session, where: CostFilter, by: str, most: int = MOST_SHOWN) -> Sequence[Cost]:
    """List what `by` says, the dearest first; days in their order."""
    found = _read(session, where, by, most)
    return _titled(session, found) if by == "job" else found


def each(session: Session, where: CostFilter, by: str) -> Iterator[Cost]:
    """Give all of them for a file."""
    yield from find(session, where, by, MOST_IN_FILE)


def days(session: Session, where: CostFilter) -> Sequence[Cost]:
    """Give every day, also those on which nothing was paid for."""
    known = {cost.key: cost for cost in _read(session, where, "day", MOST_IN_FILE)}
    every = ((where.first + timedelta(days=n)).isoformat() for n in range((where.last - where.first).days + 1))
    return [known.get(day, Cost(day)) for day in every]


def saved(session: Session, where: CostFilter) -> Sequence[Saved]:
    """Count what the newest jobs that began in these days did not pay for."""
    first, end = (datetime.combine(day, time(), UTC) for day in (where.first, where.last + timedelta(days=1)))
    rows = session.execute(_SAVED, {"first": first, "end": end, "most": MOST_JOBS})
    return [Saved(model, int(unchanged), int(kept)) for model, unchanged, kept in rows]


def texts_of(session: Session, job_id: UUID) -> int:
    """Count the texts that a job has paid for."""
    paid = select(func.coalesce(func.sum(Spend.inputs), 0)).where(Spend.job_id == job_id)
    return int(session.execute(paid).scalar_one())


def _read(session: Session, where: CostFilter, by: str, most: int) -> list[Cost]:
    prices: Mapping[str, float] = current().per_million_tokens
    key, source, order = _BY[by]
    given = {"first": where.first, "last": where.last, "most": most, "models": [*prices], "prices": [*prices.values()]}
    rows = session.execute(text(_COSTS.format(key=key, source=source, order=order)), given)
    return [Cost(key, int(calls), int(texts), int(tokens), amount) for key, calls, texts, tokens, amount in rows]


def _titled(session: Session, costs: Sequence[Cost]) -> list[Cost]:
    """Read the titles of the dearest jobs alone; what is nobody's job was paid for by searches."""
    ids = bindparam("ids", [UUID(cost.key) for cost in costs], type_=ARRAY(Uuid))
    rows = session.execute(select(Job.id, Job.title).where(Job.id == any_(ids)))
    titles = {str(job_id): title for job_id, title in rows}
    return [
        cost._replace(key=cost.key if cost.key in titles else SEARCHES, title=titles.get(cost.key)) for cost in costs
    ]
