"""What embedding has cost, by job, model and day in UTC. Booked with the vectors that it bought."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import totals
from core.models import Spend


class Spent(NamedTuple):
    """What a job has paid for so far."""

    calls: int
    tokens: int


def book(session: Session, job_id: uuid.UUID, model: str, *, inputs: int, tokens: int) -> None:
    """Add one paid call, whoever made it, for it was billed. All of a job's calls add to one row: do it last."""
    new = insert(Spend).values(job_id=job_id, model=model, calls=1, inputs=inputs, tokens=tokens)
    more = {name: getattr(Spend, name) + new.excluded[name] for name in ("calls", "inputs", "tokens")}
    session.execute(new.on_conflict_do_update(index_elements=["job_id", "model", "day"], set_=more))
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
