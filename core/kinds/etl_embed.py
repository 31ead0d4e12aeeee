"""etl.embed: chosen candidates, brought into the index as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Select

from core.jobs.kind import JobKind, Payload, chosen
from core.jobs.part_run import PartRun
from core.pipeline.indexing import index_candidates
from core.ports import Collection

MOST_CHOSEN = 10_000
CandidateId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Embed(Payload):
    """The candidates to embed, by our own id; `force` writes the points again of those whom the index knows as is."""

    candidate_ids: tuple[CandidateId, ...] = Field(min_length=1, max_length=MOST_CHOSEN)
    force: bool = False


def title(embed: Embed) -> str:
    count = len(embed.candidate_ids)
    return f"Embed {count:,} chosen people" if count > 1 else f"Embed person {embed.candidate_ids[0]}"


def split(embed: Embed, collection: Collection) -> Select[Any]:
    """Choose exactly those named; who is not eligible is skipped, or leaves the index."""
    return chosen(embed.candidate_ids)


def run(part: PartRun) -> None:
    """Index one part. Idempotent: it compares before it writes, and ids and versions fence the rest."""
    index_candidates(part, force=part.payload.force)


def of_records(ids: Sequence[int]) -> Embed:
    return Embed(candidate_ids=tuple(ids[:MOST_CHOSEN]))


KIND = JobKind(
    name="etl.embed",
    queue="jobs:etl",
    payload=Embed,
    steps=("extract", "embed", "index"),
    title=title,
    split=split,
    run=run,
    of_records=of_records,
)
