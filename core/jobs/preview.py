"""What a launch would do, before anything is spent. It changes nothing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.jobs.scope import Scope
from core.models import Job, Spend
from core.prices import price_of
from core.settings import Settings

CHARACTERS_A_TOKEN = 4.2  # measured on our English and Spanish sample texts
JOBS_LOOKED_AT = 20  # for the last one that tells how fast texts are embedded


@dataclass(frozen=True, slots=True)
class Preview:
    """`records = matching - in_hand = to_embed + kept + deletions`, `to_embed` at most. Unknown = None.

    `in_hand` are records that other open jobs are about to do; these would be left out. `kept` are about how many are
    unchanged and have their vector still: to write their points again costs nothing. `as_of` is when the counts were
    true, where they are those of the last comparison and estimates; None = counted now.
    """

    matching: int
    in_hand: int
    records: int
    to_embed: int
    kept: int
    deletions: int
    estimated_tokens: int
    estimated_cost: float | None
    currency: str | None
    estimated_seconds: float | None
    overlapping: tuple[uuid.UUID, ...]
    as_of: datetime | None = None


def preview(
    session: Session, scope: Scope, settings: Settings, *, model: str, overlapping: tuple[uuid.UUID, ...]
) -> Preview:
    """Estimate what a job over a scope would take."""
    records, kept = scope.matching - scope.in_hand, round(scope.eligible * scope.kept)
    to_embed = scope.eligible - kept
    tokens = round(to_embed * scope.characters / CHARACTERS_A_TOKEN)
    price = price_of(model, tokens)
    rate = settings.inputs_per_minute / 60 or _last_rate(session, model)
    return Preview(
        matching=scope.matching,
        in_hand=scope.in_hand,
        records=records,
        to_embed=to_embed,
        kept=kept,
        deletions=records - scope.eligible,
        estimated_tokens=tokens,
        estimated_cost=price[0] if price else None,
        currency=price[1] if price else None,
        estimated_seconds=round(to_embed / rate, 1) if rate else None,
        overlapping=overlapping,
        as_of=scope.as_of,
    )


def of_free(session: Session, chosen: Select[Any]) -> Preview:
    """Count what a job would do that embeds nothing."""
    records = session.execute(select(func.count()).select_from(chosen.subquery("chosen"))).scalar_one()
    return Preview(records, 0, records, 0, 0, 0, 0, None, None, None, ())


def _last_rate(session: Session, model: str) -> float | None:
    """Take the texts a second of the last job that embedded most of its records: kept vectors take no time."""
    seconds = func.extract("epoch", Job.finished_at - Job.started_at)
    jobs = (
        select(Job.id, Job.created_at, Job.done, func.nullif(seconds, 0).label("seconds"))
        .where(Job.model == model, Job.finished_at.is_not(None), Job.done >= 100, Job.calls > 0)
        .order_by(Job.created_at.desc())
        .limit(JOBS_LOOKED_AT)
        .subquery("latest")
    )
    texts = select(func.sum(Spend.inputs)).where(Spend.job_id == jobs.c.id).scalar_subquery()
    query = select(texts / jobs.c.seconds).where(texts * 2 >= jobs.c.done).order_by(jobs.c.created_at.desc()).limit(1)
    rate = session.execute(query).scalar_one_or_none()
    return float(rate) if rate else None
