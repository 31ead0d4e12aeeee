"""What became of each record of a job."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.models import Job, Part
from webapp.queries.page import LIMIT, Count, Page, bounded, page_of, read_cursor, small

OUTCOMES = ("indexed", "failed", "unchanged", "removed", "pending", "not_reached")


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record of a job in the order of work; `part` and `position` (from 1) say where it stood.

    `outcome`: indexed by this job; failed; unchanged (nothing to do, or written again by a later job); removed
    from the index; pending; not_reached, when the job ended before its turn.
    """

    part: int
    position: int
    record_id: int
    outcome: str
    external_id: str | None
    full_name: str | None
    failure_id: int | None
    cause: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class _Place:
    """A record's place in its job; `reached` when its part has gone by it."""

    part: int
    position: int
    record_id: int
    reached: bool


# What is known of some records, in the order of the ids given. A failure belongs to the last job that met it: one that
# was open when this job ended, and was met again later, was met by this one too.
_OUTCOMES = text("""
SELECT c.external_id, c.full_name, f.id, f.cause, f.reason, s.record_id IS NOT NULL, s.job_id = :job
FROM unnest(cast(:ids AS bigint[])) WITH ORDINALITY AS u(id, at)
LEFT JOIN candidates c ON c.id = u.id
LEFT JOIN LATERAL (
    SELECT id, cause, reason FROM failures
    WHERE record_kind = 'candidate' AND record_id = u.id AND (job_id = :job OR (
        collection = :collection AND first_seen <= cast(:ended AS timestamptz) AND last_seen > :ended))
    ORDER BY job_id = :job DESC, id DESC LIMIT 1
) f ON true
LEFT JOIN index_state s ON s.record_kind = 'candidate' AND s.collection = :collection AND s.record_id = u.id
ORDER BY u.at
""")


def find_page(
    session: Session, job_id: UUID, collection: str | None, cursor: str | None = None, limit: int = LIMIT
) -> Page[RecordRow]:
    """List a job's records in the order of work; `collection` is the one behind the alias, None while there is none."""
    limit = bounded(limit)
    part, position = read_cursor(cursor, small, small) if cursor else (0, 0)
    places = _places(session, job_id, part, position, limit + 1)
    ended = session.execute(select(Job.finished_at).where(Job.id == job_id)).scalar_one()
    ids = [place.record_id for place in places]
    known = session.execute(_OUTCOMES, {"job": job_id, "collection": collection or "", "ids": ids, "ended": ended})
    rows = [
        RecordRow(
            part=place.part,
            position=place.position,
            record_id=place.record_id,
            outcome=_outcome(
                place, over=ended is not None, failed=failure_id is not None, placed=placed, by_this=bool(by_this)
            ),
            external_id=external_id,
            full_name=full_name,
            failure_id=failure_id,
            cause=cause,
            reason=reason,
        )
        for place, (external_id, full_name, failure_id, cause, reason, placed, by_this) in zip(
            places, known, strict=True
        )
    ]
    return page_of(rows, limit, cursor, lambda: _total(session, job_id), lambda row: (row.part, row.position))


def _places(session: Session, job_id: UUID, part: int, position: int, need: int) -> list[_Place]:
    """Take the next records of a job, part by part: their lists are long, and only a slice of one or two is read."""
    places: list[_Place] = []
    of_job = select(Part.n).where(Part.job_id == job_id, Part.n >= part).order_by(Part.n)
    for n in session.scalars(of_job).all():
        begin = position + 1 if n == part else 1
        piece = Part.record_ids[begin : begin + need - len(places) - 1]
        ids, reached = session.execute(select(piece, Part.cursor).where(Part.job_id == job_id, Part.n == n)).one()
        places += [_Place(n, at, record_id, at <= reached) for at, record_id in enumerate(ids, begin)]
        if len(places) >= need:
            break
    return places


def _outcome(place: _Place, *, over: bool, failed: bool, placed: bool, by_this: bool) -> str:
    if failed:
        return "failed"
    if by_this:
        return "indexed"
    if not place.reached:
        return "not_reached" if over else "pending"
    return "unchanged" if placed else "removed"


def _total(session: Session, job_id: UUID) -> Count:
    return Count(session.scalar(select(func.coalesce(func.sum(Part.total), 0)).where(Part.job_id == job_id)) or 0, True)
