"""Which jobs are listed: what the page and the API ask for, as conditions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlalchemy import ColumnElement

from core.jobs.search import JobWhere, by_index, plain, row_by_row
from core.jobs.view import OVER
from core.models import Job
from core.models.job import NOT_OVER
from webapp.queries.text import clean

STATUSES = (*NOT_OVER, "completed", "completed_with_errors", "failed", "cancelled")
assert set(STATUSES) - set(NOT_OVER) == OVER


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs: every given field must match; `where` is what the search box says."""

    status: str | None = None
    kind: str | None = None
    user: str | None = None
    where: JobWhere = field(default_factory=JobWhere)

    @property
    def every_status(self) -> JobFilter:
        """Give the same without the tab."""
        return replace(self, status=None)

    @property
    def narrow(self) -> bool:
        """Say whether it is more than a tab."""
        return self.every_status != JobFilter()

    @property
    def selective(self) -> bool:
        """Say whether indexes of their own must be asked: for words, errors, ids or people."""
        return bool(by_index(self.where))

    def indexed(self) -> list[ColumnElement[bool]]:
        """Write the conditions as their indexes answer them."""
        return [*self._fields(), *plain(self.where), *by_index(self.where)]

    def row_by_row(self) -> list[ColumnElement[bool]]:
        """Write the same conditions as they are checked on rows at hand."""
        return [*self._fields(), *plain(self.where), *row_by_row(self.where)]

    def _fields(self) -> list[ColumnElement[bool]]:
        given = ((Job.status, self.status), (Job.kind, self.kind), (Job.requested_by, self.user))
        return [column == clean(value) for column, value in given if value is not None]
