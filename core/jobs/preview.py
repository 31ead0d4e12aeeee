"""What a launch would do, before anything is spent. It changes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Collection as Names
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ScalarSelect,
    Select,
    Subquery,
    case,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.orm import Session, aliased

from core.jobs.kind import JobKind, Payload
from core.models import Candidate, EmbeddingCache, IndexState, Job, Part, Spend
from core.models.job import OPEN
from core.ports import Collection
from core.prices import price_of
from core.settings import Settings

SAMPLE = 500  # candidates whose length stands for all
CHARACTERS_A_TOKEN = 4.2  # measured on our English and Spanish sample texts
JOBS_LOOKED_AT = 20  # for the last one that tells how fast texts are embedded
LABELS_A_TEXT = 20  # characters that joining the columns adds


@dataclass(frozen=True, slots=True)
class Preview:
    """`records = matching - in_hand = to_embed + kept + deletions`, `to_embed` at most. Unknown = None.

    `in_hand` are records that other open jobs are about to do; these would be left out. `kept` are about how many are
    unchanged and have their vector still: to write their points again costs nothing.
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
        return Preview(records, 0, records, 0, 0, 0, 0, None, None, None, ())
    open_jobs = select(Job.id).where(text(OPEN), Job.kind.in_(rivals)).order_by(Job.created_at)
    overlapping = tuple(session.scalars(open_jobs))
    matching, in_hand, eligible, length, share = _count(session, chosen, overlapping, collection)
    records, kept = matching - in_hand, round(eligible * share)
    to_embed = eligible - kept
    tokens = round(to_embed * length / CHARACTERS_A_TOKEN)
    price = price_of(model, tokens)
    rate = settings.inputs_per_minute / 60 or _last_rate(session, model)
    return Preview(
        matching=matching,
        in_hand=in_hand,
        records=records,
        to_embed=to_embed,
        kept=kept,
        deletions=records - eligible,
        estimated_tokens=tokens,
        estimated_cost=price[0] if price else None,
        currency=price[1] if price else None,
        estimated_seconds=round(to_embed / rate, 1) if rate else None,
        overlapping=overlapping,
    )


def _count(
    session: Session, chosen: Select[Any], rivals: Names[uuid.UUID], collection: Collection
) -> tuple[int, int, int, float, float]:
    """Count those chosen, those of them whom other jobs are about to do, and of the others who have a text to index.

    Then the mean length of the texts, and the share that need no embedding. To choose among a million takes long and
    is done once.
    """
    ids = chosen.cte("chosen").prefix_with("MATERIALIZED")
    counted = select(func.count()).select_from(ids).outerjoin(Candidate, Candidate.id == ids.c[0])
    sampled = (_length(ids), _kept(ids, collection))
    if rivals:
        taken = _taken(rivals)
        free = func.count().filter(Candidate.eligible, taken.c.id.is_(None))
        rows = counted.outerjoin(taken, taken.c.id == ids.c[0]).add_columns(func.count(taken.c.id), free, *sampled)
    else:
        rows = counted.add_columns(literal(0), func.count().filter(Candidate.eligible), *sampled)
    matching, in_hand, eligible, characters, share = session.execute(rows).one()
    return matching, in_hand, eligible, float(characters or 0), float(share or 0)


def _taken(rivals: Names[uuid.UUID]) -> Subquery:
    """Choose the records that the open parts of these jobs have still before them."""
    left = literal_column("unnest(parts.record_ids[parts.cursor + 1:])", BigInteger)
    of_rivals = select(left.label("id")).select_from(Part).where(Part.job_id.in_(rivals), text(OPEN))
    return of_rivals.distinct().subquery("taken")


def _length(ids: CTE) -> ScalarSelect[Any]:
    """Measure the mean length of the texts to embed, in characters, on the first few."""
    first, person = select(ids.c[0].label("id")).limit(SAMPLE).subquery("sample"), aliased(Candidate)
    columns = (person.headline, person.summary, person.skills, person.experience, person.education)
    length = func.length(func.concat_ws(" ", *columns)) + LABELS_A_TEXT
    rows = select(func.avg(length)).join(first, first.c.id == person.id).where(person.eligible)
    return rows.scalar_subquery()


def _kept(ids: CTE, collection: Collection) -> ScalarSelect[Any]:
    """Say what share of the first few is indexed as they are, with a vector that is there for the asking."""
    first, person = select(ids.c[0].label("id")).limit(SAMPLE).subquery("seen"), aliased(Candidate)
    unchanged = (
        select(EmbeddingCache.text_hash)
        .join(IndexState, IndexState.content_hash == EmbeddingCache.text_hash)
        .where(
            IndexState.record_kind == "candidate",
            IndexState.collection == collection.name,
            IndexState.record_id == person.id,
            IndexState.source_version == person.updated_at,
            EmbeddingCache.model == collection.model,
            EmbeddingCache.dimension == collection.dimension,
        )
        .exists()
    )
    share = select(func.avg(case((unchanged, 1), else_=0))).select_from(person)
    return share.join(first, first.c.id == person.id).where(person.eligible).scalar_subquery()


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
