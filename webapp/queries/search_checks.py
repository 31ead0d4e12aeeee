"""Checks of the search, newest first, and whom they missed by name."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.models import Candidate, SearchCheck
from core.search_check import of_job
from webapp.queries.newest import Newest
from webapp.queries.page import LIMIT, Page

__all__ = ["each", "find_page", "missed", "of_job"]


def find_page(
    session: Session, job_id: UUID | None = None, cursor: str | None = None, limit: int = LIMIT
) -> Page[SearchCheck]:
    """List the checks that could ask for somebody, newest first."""
    return _newest(job_id).page(session, cursor, limit)


def each(session: Session) -> Iterator[SearchCheck]:
    """Give all of them for a file."""
    return _newest(None).each(session)


def missed(session: Session, check: SearchCheck) -> list[Candidate]:
    """Read the people whom a check did not find and who are there still."""
    ids = [person["id"] for person in check.people if person["rank"] is None]
    return list(session.scalars(select(Candidate).where(Candidate.id.in_(ids)).order_by(Candidate.id))) if ids else []


def _newest(job_id: UUID | None) -> Newest[SearchCheck]:
    rows: Select[SearchCheck] = select(SearchCheck).where(SearchCheck.asked > 0)
    if job_id is not None:
        rows = rows.where(SearchCheck.job_id == job_id)
    return Newest(rows, SearchCheck.taken_at, SearchCheck.id)
