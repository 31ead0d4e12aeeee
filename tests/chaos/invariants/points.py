"""1: the points are those of the eligible rows less those with an open failure, and each is of its own row."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select

from core import candidates
from core.adapters.qdrant_rest import QdrantRest
from core.candidates import CandidateRow
from core.models import Candidate, Failure
from core.pipeline.plan import hash_of, microseconds, point_id
from core.pipeline.text import text_of
from core.ports import Collection
from tests.standins.cohere_vectors import vector_of

if TYPE_CHECKING:
    from tests.chaos.run import Run

PAGE = 500
NEAR = 1e-5


@dataclass(frozen=True, slots=True)
class Comparison:
    """Records by what their point is: not there, not wanted, or not of its row."""

    missing: list[int]
    extra: list[object]
    wrong: list[str]


def points_equal_the_rows(run: Run) -> Iterator[str]:
    found = compare(run)
    for name in ("missing", "extra", "wrong"):
        if some := getattr(found, name):
            yield f"{len(some)} {name}: {some[:5]}"


def compare(run: Run) -> Comparison:
    """Hold points and rows against each other, both ways."""
    collection = run.house.index.current(run.house.settings.collection)
    assert collection is not None, "there is no collection"
    rows = {point_id(row.id): row for row in _wanted(run)}
    points = dict(_points(run, collection.name))
    return Comparison(
        missing=[row.id for key, row in rows.items() if key not in points],
        extra=[point["payload"].get("record_id", key) for key, point in points.items() if key not in rows],
        wrong=[
            f"{row.id}: {what}"
            for key, row in rows.items()
            if key in points and (what := _difference(row, points[key], collection))
        ],
    )


def _wanted(run: Run) -> list[CandidateRow]:
    aside = select(Failure.record_id).where(Failure.status == "open", Failure.record_id.is_not(None))
    with run.house.sessions() as session:
        ids = session.scalars(select(Candidate.id).where(Candidate.eligible, Candidate.id.not_in(aside))).all()
        return list(candidates.read(session, ids).values())


def _points(run: Run, collection: str) -> Iterator[tuple[uuid.UUID, Mapping[str, Any]]]:
    rest = QdrantRest(run.engines.urls["QDRANT_URL"], None, 30)
    offset = None
    while True:
        body = {"limit": PAGE, "with_payload": True, "with_vector": True, "offset": offset}
        page = rest.post(f"/collections/{collection}/points/scroll", body)
        yield from ((uuid.UUID(point["id"]), point) for point in page["points"])
        offset = page["next_page_offset"]
        if offset is None:
            return rest.close()


def _difference(row: CandidateRow, point: Mapping[str, Any], collection: Collection) -> str:
    """Say what of a point is not its row's; nothing when all is well."""
    text, payload = text_of(row).text, point["payload"]
    expected = {
        "record_id": row.id,
        "external_id": row.external_id,
        "content_hash": hash_of(text).hex(),
        "version": microseconds(row.updated_at),
        "model": collection.model,
        "dimension": collection.dimension,
        "location": row.location,
    }
    different = [name for name, value in expected.items() if payload.get(name) != value]
    own = vector_of(collection.model, text, collection.dimension)
    if np.abs(np.array(point["vector"]) - own / np.linalg.norm(own)).max() > NEAR:
        different.append("vector")
    return ", ".join(different)
