"""Which candidates match, newest first: read where they are known to be, of a million or of ten.

Filters ask their indexes first. Those that few match are listed from there; many are met soon enough by walking from
the newest. A state of the index is looked for only in the ranges where the last comparison saw it, and in those where
somebody has changed since; each row is checked as it is now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVarTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    any_,
    func,
    or_,
    select,
    text,
    true,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from core.coverage import CoverageView
from core.models import Candidate
from webapp.queries.page import BIGINT, EXACT_TO, Count, count, estimate
from webapp.queries.place import is_in_any, joined
from webapp.queries.state_ranges import StateRanges

FEW = 10_000  # as many are chosen by id; it is a hundredth of what the walk is for
LOOKED_INTO, LOOKED_AT = 32, 64  # ranges, and people of each, that stand for all of a state
NEAR = 3_000  # looked through one by one before the indexes are asked for all

Row = TypeVarTuple("Row")


class Looked(NamedTuple):
    """Somebody of a sample: whether they meet filters and ways, and how many of their range they stand for."""

    id: int
    fits: bool
    stands_for: float


@dataclass(frozen=True)
class Chosen:
    """The candidates that meet all `filters`, at least one of the `ways`, and are in one of the `states`.

    Without ways or states all pass; states do not overlap.
    """

    session: Session
    filters: Sequence[ColumnElement[bool]]
    ways: Sequence[ColumnElement[bool]]
    states: Sequence[str]
    coverage: CoverageView | None

    def newest(self, below: int, need: int) -> Sequence[int]:
        """Give the ids of the newest whose id is below this one."""
        if self._few is not None:
            return self._of_few(below, need)
        if (places := self._ranges.below(below)) is not None:
            return self.session.scalars(self._in_ranges(places, below, need)).all()
        if self._narrowed and not self.states:
            return self._near(below, need) or self._newest_by_index(below, need)
        chosen = self._placed(select(Candidate.id).where(*self._narrowed))
        return self.session.scalars(_page(chosen, below, need)).all()

    def some(self, most: int) -> Sequence[int]:
        """Give some to judge all by, from new and old ones alike."""
        if self._few is not None or self._sample is None:
            return self.newest(BIGINT, most)
        return [one.id for one in self._sample if one.fits][:most]

    def total(self) -> Count:
        """Count them: exactly where that is cheap, else by the last comparison, the planner and a sample."""
        if self._few is not None:
            return Count(len(self._of_few(BIGINT, FEW)), True)
        seen = self._seen
        if not self._narrowed:
            chosen = self._placed(select(Candidate.id))
            return count(self.session, chosen) if seen is None else Count(seen, seen <= EXACT_TO)  # as of its age
        if seen is None or self._sample is None:
            return Count(self._expected, False)
        # Of those in the state: a region of which all were imported today is missing as a whole.
        fit = sum(one.stands_for for one in self._sample if one.fits)
        return Count(round(seen * fit / (sum(one.stands_for for one in self._sample) or 1)), False)

    @property
    def _seen(self) -> int | None:
        """Say how many the comparison saw in the states; None where it does not tell."""
        told = [n for state in self.states if (n := getattr(self.coverage, state, None)) is not None]
        return sum(told) if told and len(told) == len(self.states) else None

    @property
    def is_few(self) -> bool:
        """Say whether few meet the filters, so that the state of each is looked up and nothing is estimated."""
        return self._few is not None

    def _of_few(self, below: int, need: int) -> Sequence[int]:
        """Take the newest of the few who meet the filters: the state is asked of them alone."""
        few = sorted((person for person in self._few or () if person < below), reverse=True)
        if not self.states:
            return few[:need]
        chosen = self._placed(select(Candidate.id).where(Candidate.id == any_(few)))  # type: ignore[arg-type]
        return self.session.scalars(_page(chosen, below, need)).all()

    @cached_property
    def _few(self) -> list[int] | None:
        """Ask the indexes who meets the filters and the ways; None where there are none of these, or too many."""
        if not self._narrowed or self._share * self._everybody > 1.5 * FEW:
            return None
        ids = self.session.scalars(self._by_index().limit(FEW + 1)).all()
        return list(set(ids)) if len(ids) <= FEW else None

    @property
    def _share(self) -> float:
        """Say which share of the newest few thousand meets the filters and the ways."""
        looked_at, fit = self._newest_few_thousand
        return len(fit) / max(1, looked_at)

    @cached_property
    def _newest_few_thousand(self) -> tuple[int, Sequence[int]]:
        """Look how many there are, and who of them meets the filters and the ways, newest first."""
        near = self._looked_through(BIGINT)
        fit = func.array_agg(aggregate_order_by(near.c.id, near.c.id.desc())).filter(near.c.fits)
        looked_at, ids = self.session.execute(select(func.count(), fit)).one()
        return looked_at, ids or []

    @cached_property
    def _everybody(self) -> int:
        return estimate(self.session, select(Candidate.id))

    @cached_property
    def _sample(self) -> Sequence[Looked] | None:
        """Look at some whom the comparison saw in the states, by chance, in ranges that lie evenly among its own."""
        if self.coverage is None or (places := self._ranges.below(BIGINT)) is None:
            return None
        inside, number = self._ranges.inside(places[:: max(1, len(places) // LOOKED_INTO)], BIGINT)
        inside = inside.where(Candidate.updated_at <= self.coverage.checked_at).add_columns(func.count().over())
        people = inside.order_by(None).order_by(func.hashint8(Candidate.id)).limit(LOOKED_AT).lateral("people")
        rows = select(people.c.id, self._row_by_row, people.c[1]).select_from(number.join(people, true()))
        found = self.session.execute(rows.join(Candidate, Candidate.id == people.c.id))
        return [Looked(person, fits, n / min(n, LOOKED_AT)) for person, fits, n in found]

    @property
    def _expected(self) -> int:
        """Guess how many there are of many: PostgreSQL knows what is common of columns, but not of words begun."""
        if self.ways:
            return max(FEW, round(self._share * self._everybody))
        return max(FEW, estimate(self.session, select(Candidate.id).where(*self.filters)))

    def _by_index(self) -> Select[int]:
        """Choose by the indexes of the filters and the ways, whatever a limit suggests: a walk to find one is long."""
        # With less the indexes' answers are kept as pages of rows, each of which is read to look again.
        self.session.execute(text("SET LOCAL work_mem = '32MB'"))
        each = (select(Candidate.id).where(*self.filters, way) for way in self.ways or [true()])
        found = union_all(*each).cte("found").prefix_with("MATERIALIZED")
        return select(found.c.id)

    def _newest_by_index(self, below: int, need: int) -> Sequence[int]:
        """Take the newest that each way's index finds: to tell 100,000 apart first takes longer than to find them."""
        behind = Candidate.id < below
        # Sorted by what is no column, or PostgreSQL would walk through everybody in the order of the ids.
        newest = (Candidate.id + 0).desc()
        ways = (select(Candidate.id).where(*self.filters, way, behind) for way in self.ways or [true()])
        found = union(*(way.order_by(newest).limit(need).subquery().select() for way in ways)).subquery()
        return self.session.scalars(_page(select(found.c.id), below, need)).all()

    def _near(self, below: int, need: int) -> Sequence[int]:
        """Look through the next few thousand, row by row; nobody unless they fill the page."""
        if below == BIGINT:
            found = self._newest_few_thousand[1][:need]
        else:
            near = self._looked_through(below)
            found = self.session.scalars(_page(select(near.c.id).where(near.c.fits), below, need)).all()
        return found if len(found) == need else ()

    def _looked_through(self, below: int) -> Subquery:
        return _page(select(Candidate.id, self._row_by_row.label("fits")), below, NEAR).subquery("near")

    @property
    def _row_by_row(self) -> ColumnElement[bool]:
        """Write filters and ways so that no index is asked for them, which would read it all for each few rows."""
        return func.coalesce(and_(true(), *self._narrowed), False)

    @property
    def _narrowed(self) -> list[ColumnElement[bool]]:
        return [*self.filters, or_(*self.ways)] if self.ways else [*self.filters]

    def _placed(self, people: Select[int]) -> Select[int]:
        return joined(people, self.coverage).where(is_in_any(self.states, self.coverage)) if self.states else people

    @cached_property
    def _ranges(self) -> StateRanges:
        return StateRanges(self.session, self.states, self.coverage)

    def _in_ranges(self, places: list[int], below: int, need: int) -> Select[Any]:
        """Read range by range, and no further than is needed: they are in order, so that nothing is sorted first."""
        placed, numbers = self._ranges.inside(places, below)
        if self._narrowed:
            # The state is in indexes and few have it; filters and words need the row. The OFFSET keeps them apart.
            few = placed.offset(0).lateral("few")
            placed = select(few.c.id).join(Candidate, Candidate.id == few.c.id).where(self._row_by_row)
            placed = placed.order_by(Candidate.id.desc())
        rows = placed.limit(need).lateral("inside")
        chosen = select(rows.c.id).select_from(numbers.join(rows, true()))
        return chosen.order_by(numbers.c.at, rows.c.id.desc()).limit(need)


def _page(ids: Select[*Row], below: int, need: int) -> Select[*Row]:
    """Take the newest below an id, which is the first column."""
    id_ = ids.selected_columns[0]
    return ids.where(id_ < below).order_by(id_.desc()).limit(need)
