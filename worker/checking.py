"""The leader's checks of the search: one behind each job that indexed somebody, and one an hour by the clock.

In a thread of its own, for an index that is slow must hold up neither jobs nor the ticker. It keeps nothing in
memory: whoever leads next finds in the tables what is left to check.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core import search_check
from core.errors import AppError
from core.models import SearchCheck
from core.search_check import CLOCK, CheckTools
from core.stubborn import DATABASE_AWAY

log = structlog.get_logger(__name__)

LOOK_SECONDS = 3.0
EVERY = timedelta(hours=1)
END_SECONDS = 2.0


class Checking:
    """Checks while it is entered: `with Checking(house):` for as long as this process leads."""

    def __init__(self, house: CheckTools) -> None:
        self._house = house
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="search-checks", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(END_SECONDS)

    def look(self) -> None:
        """Take the check that is due, if one is. What keeps it from being taken passes; it is due again then."""
        try:
            with self._house.sessions() as session:
                job_id, hour = search_check.due(session), _is_old(session)
            if job_id is not None:
                search_check.take(self._house, requested_by=CLOCK, job_id=job_id)
            elif hour:
                search_check.take(self._house, requested_by=CLOCK)
        except (AppError, SQLAlchemyError, *DATABASE_AWAY) as error:
            log.warning("search_not_checked", error=type(error).__name__, code=getattr(error, "code", None))

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self.look()


def _is_old(session: Session) -> bool:
    """Say whether the latest check was taken an hour ago or more; before the first one there is nothing to repeat."""
    latest = session.scalar(select(func.max(SearchCheck.taken_at)))
    now = session.execute(select(func.clock_timestamp())).scalar_one()
    return latest is not None and now - latest > EVERY
