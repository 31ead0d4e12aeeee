"""The few different words of a long column, read by hopping along its index instead of through every row."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.models import Candidate, Failure, Job

MOST = 500  # of such words; more are no names but something else


def launchers(session: Session) -> Sequence[str]:
    """List who has launched jobs: people, and tokens as `token:name`."""
    return _different(session, Job.requested_by)


def errors(session: Session) -> Sequence[str]:
    """List the error codes of jobs and the causes of failures."""
    return sorted({*_different(session, Job.error_code), *_different(session, Failure.cause)})


def people(session: Session, given: str) -> Sequence[int]:
    """Find whom an id means, ours or an external one: two at most."""
    ways = [select(Candidate.id).where(Candidate.external_id == given)]
    if given.isascii() and given.isdigit() and len(given) < 19:
        ways.append(select(Candidate.id).where(Candidate.id == int(given)))
    return session.scalars(union_all(*ways)).all()


def _different(session: Session, column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None]) -> list[str]:
    first = select(func.min(column).label("word"), literal(1).label("n")).cte("found", recursive=True)
    after = select(func.min(column)).where(column > first.c.word).correlate(first).scalar_subquery()
    found = first.union_all(select(after, first.c.n + 1).where(first.c.word.is_not(None), first.c.n < MOST))
    return list(session.scalars(select(found.c.word).where(found.c.word.is_not(None))))
