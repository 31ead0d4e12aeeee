"""etl.sync: everybody the index does not know as they are now, or must forget."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator
from sqlalchemy import ColumnElement, Select, and_, or_, select, union
from sqlalchemy.orm import InstrumentedAttribute, aliased

from core.candidates import matching
from core.jobs.kind import JobKind, Payload
from core.jobs.part_run import PartRun
from core.models import Candidate, Failure, IndexState
from core.pipeline.indexing import index_candidates
from core.ports import Collection, RecordFilter

MOST = 2**31 - 1


class Where(Payload):
    """Which candidates: every given field must match."""

    location: str | None = Field(None, max_length=200)
    skills: tuple[str, ...] = Field((), max_length=50)
    languages: tuple[str, ...] = Field((), max_length=50)
    status: str | None = Field(None, max_length=100)
    min_years: int | None = Field(None, ge=0, le=100)

    @field_validator("skills", "languages")
    @classmethod
    def _in_one_order(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(words)))  # equal filters are one scope, however they were spelt


class Sync(Payload):
    """A sync: at most `limit` candidates, newest first; `force` indexes again whom the index knows already."""

    limit: int | None = Field(None, ge=1, le=MOST)
    force: bool = False
    filter: Where | None = None

    @property
    def where(self) -> RecordFilter:
        """Say whom to look at, as a filter of records."""
        return RecordFilter(**self.filter.model_dump()) if self.filter else RecordFilter()

    @field_validator("filter")
    @classmethod
    def _none_when_empty(cls, where: Where | None) -> Where | None:
        return where if where and where.model_dump(exclude_defaults=True) else None


def title(sync: Sync) -> str:
    what = "Index everybody again" if sync.force else "Sync everybody not indexed"
    if sync.filter is not None and (where := sync.filter.model_dump(exclude_defaults=True)):
        what += " with " + ", ".join(f"{name} {_words(value)}" for name, value in where.items())
    return what + (f", at most {sync.limit:,}" if sync.limit else "")


def split(sync: Sync, collection: Collection) -> Select[Any]:
    """Choose who is missing or stale, and whose point or failure must go; a change is a version that differs."""
    wanted = select(Candidate.id).where(Candidate.eligible, *matching(sync.where))
    state = aliased(IndexState)
    mine = and_(state.record_kind == "candidate", state.collection == collection.name)
    if not sync.force:
        set_aside = select(Failure.id).where(
            Failure.record_kind == "candidate",
            Failure.collection == collection.name,
            Failure.record_id == Candidate.id,
            Failure.status == "open",
            Failure.source_version == Candidate.updated_at,  # edited since: worth another try
        )
        wanted = wanted.outerjoin(state, and_(mine, state.record_id == Candidate.id)).where(
            or_(
                state.source_version.is_distinct_from(Candidate.updated_at),
                state.model != collection.model,
                state.dimension != collection.dimension,
            ),
            ~set_aside.exists(),
        )
    gone = select(state.record_id).where(mine, ~_belongs(state.record_id))
    moot = select(Failure.record_id).where(
        Failure.record_kind == "candidate",
        Failure.collection == collection.name,
        Failure.status == "open",
        Failure.record_id.is_not(None),
        ~_belongs(Failure.record_id),
    )
    # Whom a filter would match is not known of somebody gone: their points and failures go with every sync.
    chosen = union(wanted, gone, moot).subquery("chosen")
    return select(chosen.c[0]).order_by(chosen.c[0].desc()).limit(sync.limit)


def _belongs(record_id: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """Say that there is somebody of this id who belongs in the index; asked of the eligible alone, by their index."""
    return select(Candidate.id).where(Candidate.id == record_id, Candidate.eligible).exists()


def run(part: PartRun) -> None:
    """Index one part. Idempotent: it compares before it writes, and ids and versions fence the rest."""
    index_candidates(part, force=part.payload.force)


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


KIND = JobKind(
    name="etl.sync",
    queue="jobs:etl",
    payload=Sync,
    steps=("extract", "embed", "index"),
    title=title,
    split=split,
    run=run,
)
