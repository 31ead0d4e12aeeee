"""What a launch would do, before anything is spent. It changes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Collection as Names
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from core.jobs.kind import JobKind, Payload
from core.models import Candidate, Job
from core.models.job import OPEN
from core.ports import Collection
from core.prices import price_of
from core.settings import Settings

SAMPLE = 500  # candidates whose length stands for all
CHARACTERS_A_TOKEN = 4.2  # measured on our English and Spanish sample texts
LABELS_A_TEXT = 20  # characters that joining the columns adds


@dataclass(frozen=True, slots=True)
class Preview:
    """`records = to_embed + deletions` at most: texts that turn out unchanged cost nothing. Unknown = None."""

    records: int
    to_embed: int
    deletions: int
    estimated_tokens: int
    estimated_cost: float | None
    currency: str | None
    estimated_seconds: float | None
    overlapping: tuple[uuid.UUID, ...]


def preview(
    session: Session,
    kind: JobKind,
    payload: Payload,
    collection: Collection,
    settings: Settings,
    *,
    rivals: Names[str],
    model: str,
) -> Preview:
    """Count what a job would choose now, and estimate what it would take. `rivals` are kinds with the same records."""
    chosen = kind.split(payload, collection)
    if not kind.indexes:
        records = session.execute(select(func.count()).select_from(chosen.subquery("chosen"))).scalar_one()
        return Preview(records, 0, 0, 0, None, None, None, ())
    records, to_embed = _count(session, chosen)
    tokens = round(to_embed * _length(session, chosen) / CHARACTERS_A_TOKEN)
    price = price_of(model, tokens)
    rate = settings.inputs_per_minute / 60 or _last_rate(session, model)
    open_jobs = select(Job.id).where(text(OPEN), Job.kind.in_(rivals)).order_by(Job.created_at)
    return Preview(
        records=records,
        to_embed=to_embed,
        deletions=records - to_embed,
        estimated_tokens=tokens,
        estimated_cost=price[0] if price else None,
        currency=price[1] if price else None,
        estimated_seconds=round(to_embed / rate, 1) if rate else None,
        overlapping=tuple(session.scalars(open_jobs)),
    )


def _count(session: Session, chosen: Select[Any]) -> tuple[int, int]:
    ids = chosen.subquery("chosen")
    eligible = func.count().filter(Candidate.eligible)
    query = select(func.count(), eligible).select_from(ids).outerjoin(Candidate, Candidate.id == ids.c[0])
    records, to_embed = session.execute(query).one()
    return records, to_embed


def _length(session: Session, chosen: Select[Any]) -> float:
    """Measure the mean length of the texts to embed, in characters, on the first few."""
    ids = chosen.limit(SAMPLE).subquery("sample")
    columns = (Candidate.headline, Candidate.summary, Candidate.skills, Candidate.experience, Candidate.education)
    length = func.length(func.concat_ws(" ", *columns)) + LABELS_A_TEXT
    query = select(func.avg(length)).join(ids, ids.c[0] == Candidate.id).where(Candidate.eligible)
    return float(session.execute(query).scalar_one() or 0.0)


def _last_rate(session: Session, model: str) -> float | None:
    """Take the records a second of the last job of some size with this model."""
    seconds = func.extract("epoch", Job.finished_at - Job.started_at)
    query = (
        select(Job.done / func.nullif(seconds, 0))
        .where(Job.model == model, Job.finished_at.is_not(None), Job.done >= 100)
        .order_by(Job.created_at.desc())
        .limit(1)
    )
    rate = session.execute(query).scalar_one_or_none()
    return float(rate) if rate else None
