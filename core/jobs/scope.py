"""Whom a launch would choose now, counted one by one. It changes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Collection as Names
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Select, Subquery, any_, case, func, literal, literal_column, select, text
from sqlalchemy.orm import Session

from core.models import Candidate, EmbeddingCache, IndexState, Job, Part
from core.models.job import OPEN
from core.ports import Collection

SAMPLE = 500  # people whose texts stand for all
LABELS_A_TEXT = 20  # characters that joining the columns adds


@dataclass(frozen=True, slots=True)
class Scope:
    """`matching` are chosen; `in_hand` of them are about to be done by other jobs; of the rest, `eligible` have a text.

    `characters` is the mean length of these texts, `kept` the share of them whose vector is there for the asking.
    `as_of` is when the figures were true, where they are not counted but known; None = now.
    """

    matching: int
    in_hand: int
    eligible: int
    characters: float
    kept: float
    as_of: datetime | None = None


def overlapping(session: Session, kinds: Names[str]) -> tuple[uuid.UUID, ...]:
    """Name the jobs of these kinds that are not over, oldest first."""
    return tuple(session.scalars(select(Job.id).where(text(OPEN), Job.kind.in_(kinds)).order_by(Job.created_at)))


def counted(session: Session, chosen: Select[Any], rivals: Names[uuid.UUID], collection: Collection) -> Scope:
    """Count whom `chosen` gives, and who of them is before the open parts of the jobs `rivals` still."""
    ids = chosen.cte("chosen").prefix_with("MATERIALIZED")  # to choose among many takes long and is done once
    rows: Select[Any] = select(func.count()).select_from(ids).outerjoin(Candidate, Candidate.id == ids.c[0])
    first = select(ids.c[0].label("id")).limit(SAMPLE).subquery("first")
    sample = select(func.array_agg(first.c.id)).scalar_subquery()
    if rivals:
        taken = _taken(rivals)
        free = func.count().filter(Candidate.eligible, taken.c.id.is_(None))
        rows = rows.outerjoin(taken, taken.c.id == ids.c[0]).add_columns(func.count(taken.c.id), free, sample)
    else:
        rows = rows.add_columns(literal(0), func.count().filter(Candidate.eligible), sample)
    matching, in_hand, eligible, some = session.execute(rows).one()
    return Scope(matching, in_hand, eligible, *sampled(session, some or [], collection))


def sampled(session: Session, ids: Sequence[int], collection: Collection) -> tuple[float, float]:
    """Measure the mean length of the texts of these people, in characters, and which share of them is kept as it is."""
    columns = (Candidate.headline, Candidate.summary, Candidate.skills, Candidate.experience, Candidate.education)
    length = func.length(func.concat_ws(" ", *columns)) + LABELS_A_TEXT
    unchanged = (
        select(EmbeddingCache.text_hash)
        .join(IndexState, IndexState.content_hash == EmbeddingCache.text_hash)
        .where(
            IndexState.record_kind == "candidate",
            IndexState.collection == collection.name,
            IndexState.record_id == Candidate.id,
            IndexState.source_version == Candidate.updated_at,
            EmbeddingCache.model == collection.model,
            EmbeddingCache.dimension == collection.dimension,
        )
        .exists()
    )
    rows = select(func.avg(length), func.avg(case((unchanged, 1), else_=0)))
    row = session.execute(rows.where(Candidate.id == any_(list(ids)), Candidate.eligible)).one()  # type: ignore[arg-type]
    return float(row[0] or 0), float(row[1] or 0)


def _taken(rivals: Names[uuid.UUID]) -> Subquery:
    """Choose the records that the open parts of these jobs have still before them."""
    left = literal_column("unnest(parts.record_ids[parts.cursor + 1:])", BigInteger)
    of_rivals = select(left.label("id")).select_from(Part).where(Part.job_id.in_(rivals), text(OPEN))
    return of_rivals.distinct().subquery("taken")
