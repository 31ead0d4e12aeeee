"""What became of each record of a job."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from webapp.queries.page import LIMIT, Count, Page, bounded, number, page_of, read_cursor

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


# `record_ids[:cursor]` have their outcome. Each part's list is walked in order, so that a page reads few of them.
_ROWS = text("""
SELECT p.n, u.at, u.id,
       CASE WHEN f.id IS NOT NULL THEN 'failed'
            WHEN s.job_id = p.job_id THEN 'indexed'
            WHEN u.at > p.cursor THEN CASE WHEN j.finished_at IS NULL THEN 'pending' ELSE 'not_reached' END
            WHEN s.record_id IS NULL THEN 'removed'
            ELSE 'unchanged' END,
       c.external_id, c.full_name, f.id, f.cause, f.reason
FROM parts p
JOIN jobs j ON j.id = p.job_id
CROSS JOIN LATERAL unnest(p.record_ids) WITH ORDINALITY AS u(id, at)
LEFT JOIN candidates c ON c.id = u.id
LEFT JOIN LATERAL (
    SELECT id, cause, reason FROM failures
    WHERE record_kind = 'candidate' AND record_id = u.id AND job_id = p.job_id
    ORDER BY id DESC LIMIT 1
) f ON true
LEFT JOIN LATERAL (
    SELECT record_id, job_id FROM index_state
    WHERE record_kind = 'candidate' AND record_id = u.id AND collection = :collection
) s ON true
WHERE p.job_id = :job AND p.n >= :part AND (p.n, u.at) > (:part, :position)
ORDER BY p.n, u.at
LIMIT :limit
""")
_TOTAL = text("SELECT coalesce(sum(cardinality(record_ids)), 0) FROM parts WHERE job_id = :job")


def find_page(
    session: Session, job_id: UUID, collection: str | None, cursor: str | None = None, limit: int = LIMIT
) -> Page[RecordRow]:
    """List a job's records in the order of work; `collection` is the one behind the alias, None while there is none."""
    limit = bounded(limit)
    part, position = read_cursor(cursor, number, number) if cursor else (0, 0)
    where = {"job": job_id, "collection": collection, "part": part, "position": position, "limit": limit + 1}
    rows = [RecordRow(*row) for row in session.execute(_ROWS, where)]
    total = Count(session.execute(_TOTAL, {"job": job_id}).scalar_one(), True)
    return page_of(rows, limit, total, lambda row: (row.part, row.position))
