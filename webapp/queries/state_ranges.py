"""Where candidates of a state of the index are looked for: in the ranges of ids where the last comparison saw some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, and_, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from core.coverage import RANGE, CoverageView, ranges
from core.models import Candidate
from webapp.queries.place import is_in_any, joined

TOUCHED = 10_000  # rows changed since the comparison whose ranges are looked into; more are met by the next one


@dataclass(frozen=True)
class StateRanges:
    """The ranges of RANGE ids where somebody may be in one of the `states`."""

    session: Session
    states: Sequence[str]
    coverage: CoverageView | None

    def below(self, id_: int) -> list[int] | None:
        """Number those that begin below an id, newest first; None where no comparison tells."""
        return self._known and [n for n in self._known if n * RANGE < id_]

    @cached_property
    def _known(self) -> list[int] | None:
        if not self.states or self.coverage is None:
            return None
        seen = [ranges(self.session, self.coverage.alias, state) for state in self.states]
        if None in seen:
            return None
        return sorted({*chain(*filter(None, seen)), *self._touched(self.coverage)}, reverse=True)

    def inside(self, places: Sequence[int], below: int) -> tuple[Select[Any], FromClause]:
        """Select those of the states in a range, newest first; and the ranges, one by one, that it is of."""
        numbers = func.unnest(cast(places, ARRAY(BigInteger))).table_valued("n", with_ordinality="at").render_derived()
        first = numbers.c.n * RANGE

        def within(id_: Any) -> ColumnElement[bool]:
            return and_(id_.between(first, first + RANGE - 1), id_ < below)

        people = joined(select(Candidate.id).where(within(Candidate.id)), self.coverage, within)
        placed = people.where(is_in_any(self.states, self.coverage)).order_by(Candidate.id.desc())
        return placed.correlate(numbers), numbers

    def _touched(self, coverage: CoverageView) -> Sequence[int]:
        changed = select(Candidate.id).where(Candidate.updated_at > coverage.checked_at).limit(TOUCHED).subquery()
        return self.session.scalars(select(changed.c.id // RANGE).distinct()).all()
