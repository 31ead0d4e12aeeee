"""What a launch would do, before anything is spent. It changes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Collection as Names
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, BigInteger, ScalarSelect, Select, func, literal_column, select, text
from sqlalchemy.orm import Session, aliased

from core.jobs.kind import JobKind, Payload
from core.models import Candidate, Job, Part
from core.models.job import OPEN
from core.ports import Collection
from core.prices import price_of
from core.settings import Settings

SAMPLE = 500  # candidates whose length stands for all
CHARACTERS_A_TOKEN = 4.2  # measured on our English and Spanish sample texts
LABELS_A_TEXT = 20  # characters that joining the columns adds


@dataclass(frozen=True, slots=True)
class Preview:
    """`records = matching - in_hand = to_embed + deletions` at most: unchanged texts cost nothing. Unknown = None.

    `in_hand` are records that other open jobs are about to do; these would be left out.
    """

    matching: int
    in_hand: int
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
        return Preview(records, 0, records, 0, 0, 0, None, None, None, ())
    open_jobs = select(Job.id).where(text(OPEN), Job.kind.in_(rivals)).order_by(Job.created_at)
    overlapping = tuple(session.scalars(open_jobs))
    matching, in_hand, to_embed, length = _count(session, chosen, overlapping)
    records = matching - in_hand
    tokens = round(to_embed * length / CHARACTERS_A_TOKEN)
    price = price_of(model, tokens)
    rate = settings.inputs_per_minute / 60 or _last_rate(session, model)
    return Preview(
        matching=matching,
        in_hand=in_hand,
        records=records,
        to_embed=to_embed,
        deletions=records - to_embed,
        estimated_tokens=tokens,
        estimated_cost=price[0] if price else None,
        currency=price[1] if price else None,
        estimated_seconds=round(to_embed / rate, 1) if rate else None,
        overlapping=overlapping,
    )


def _count(session: Session, chosen: Select[Any], rivals: Names[uuid.UUID]) -> tuple[int, int, int, float]:
    """Count those chosen, those of them whom other jobs are about to do, and of the others whose text is to embed.

    The last figure is the mean length of their texts. To choose among a million takes long and is done once.
    """
    ids = chosen.cte("chosen").prefix_with("MATERIALIZED")
    counted = select(func.count()).select_from(ids).outerjoin(Candidate, Candidate.id == ids.c[0])
    length = _length(ids)
    if not rivals:
        rows = counted.add_columns(func.count().filter(Candidate.eligible), length)
        matching, to_embed, characters = session.execute(rows).one()
        return matching, 0, to_embed, float(characters or 0)
    left = literal_column("unnest(parts.record_ids[parts.cursor + 1:])", BigInteger)
    taken = (
        select(left.label("id"))
        .select_from(Part)
        .distinct()
        .where(Part.job_id.in_(rivals), text(OPEN))
        .subquery("taken")
    )
    free = func.count().filter(Candidate.eligible, taken.c.id.is_(None))
    rows = counted.outerjoin(taken, taken.c.id == ids.c[0]).add_columns(func.count(taken.c.id), free, length)
    matching, in_hand, to_embed, characters = session.execute(rows).one()
    return matching, in_hand, to_embed, float(characters or 0)


def _length(ids: CTE) -> ScalarSelect[Any]:
    """Measure the mean length of the texts to embed, in characters, on the first few."""
    first, person = select(ids.c[0].label("id")).limit(SAMPLE).subquery("sample"), aliased(Candidate)
    columns = (person.headline, person.summary, person.skills, person.experience, person.education)
    length = func.length(func.concat_ws(" ", *columns)) + LABELS_A_TEXT
    rows = select(func.avg(length)).join(first, first.c.id == person.id).where(person.eligible)
    return rows.scalar_subquery()


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
