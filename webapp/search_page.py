"""The search before and after a job, as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.models import SearchCheck
from webapp.extensions import db
from webapp.queries import search_checks


@dataclass(frozen=True, slots=True)
class BeforeAndAfter:
    """Two checks, each None where there is none; `both` counts those who were asked for in both."""

    before: SearchCheck | None
    after: SearchCheck | None
    both: int


NOTHING = BeforeAndAfter(None, None, 0)


def of_job(job_id: UUID) -> BeforeAndAfter:
    before, after = search_checks.of_job(db.session(), job_id)
    return BeforeAndAfter(before, after, len(_asked(before) & _asked(after)))


def _asked(check: SearchCheck | None) -> set[int]:
    return {person["id"] for person in check.people} if check else set()
