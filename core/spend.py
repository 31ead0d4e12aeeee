"""What embedding has cost, by job, model and day in UTC. Booked with the vectors that it bought."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core import totals
from core.models import Spend

BOOK = text(f"""
    WITH new AS (INSERT INTO paid_calls (id) VALUES (:call) ON CONFLICT DO NOTHING RETURNING id),
    old AS (
        DELETE FROM paid_calls WHERE id IN (
            SELECT id FROM paid_calls WHERE at < clock_timestamp() - interval '1 day'
            ORDER BY at LIMIT 2 FOR UPDATE SKIP LOCKED  -- two for each that comes: the table stays small by itself
        )
    ),
    {totals.FREE}
    INSERT INTO spend (job_id, model, stripe, kind, person, calls, inputs, tokens)
    SELECT :job_id, :model, coalesce((SELECT stripe FROM free), -1),
           coalesce(jobs.kind, ''), coalesce(jobs.requested_by, ''), 1, :inputs, :tokens
    FROM new LEFT JOIN jobs ON jobs.id = :job_id
    ON CONFLICT (job_id, model, day, stripe) DO UPDATE SET
        calls = spend.calls + 1, inputs = spend.inputs + excluded.inputs, tokens = spend.tokens + excluded.tokens
    RETURNING calls
""")  # noqa: S608  (a number of ours)


class Spent(NamedTuple):
    """What a job has paid for so far."""

    calls: int
    tokens: int


def book(session: Session, call: uuid.UUID, job_id: uuid.UUID, model: str, *, inputs: int, tokens: int) -> None:
    """Add one paid call, whoever made it, for it was billed. The same `call` counts once, however often it is said."""
    paid = {"call": call, "job_id": job_id, "model": model, "inputs": inputs, "tokens": tokens}
    if session.execute(BOOK, paid).first() is None:
        return
    for name, amount in (("embed_calls", 1), ("embed_inputs", inputs), ("embed_tokens", tokens)):
        totals.add(session, name, "", model, amount)


def of_job(session: Session, job_id: uuid.UUID) -> Spent:
    """Sum what a job has paid for."""
    sums = (func.coalesce(func.sum(Spend.calls), 0), func.coalesce(func.sum(Spend.tokens), 0))
    calls, tokens = session.execute(select(*sums).where(Spend.job_id == job_id)).one()
    return Spent(int(calls), int(tokens))


def tokens_since(session: Session, day: date) -> Mapping[str, int]:
    """Sum the tokens of each model from that day on, searches included."""
    query = select(Spend.model, func.sum(Spend.tokens)).where(Spend.day >= day).group_by(Spend.model)
    return {model: int(tokens) for model, tokens in session.execute(query)}
