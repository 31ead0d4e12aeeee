"""Whom a sync would choose among so many that they are not counted: as the last comparison and the lists tell."""

from __future__ import annotations

import uuid
from collections.abc import Collection as Names
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from sqlalchemy import BigInteger, ColumnElement, Subquery, and_, func, literal_column, or_, select, text
from sqlalchemy.orm import Session

from core.candidates import matching
from core.coverage import CoverageView
from core.jobs.scope import SAMPLE, Scope, sampled
from core.kinds.etl_sync import Sync
from core.models import Candidate, Part
from core.models.job import OPEN
from core.ports import Collection
from webapp.queries.chosen import Chosen
from webapp.queries.page import BIGINT
from webapp.queries.place import is_in, joined

COUNTED_TO = 100_000  # people; to choose among more of them takes longer than somebody waits for a figure
EVERYBODY, CHANGED = ("eligible",), ("missing", "stale", "edited")
MOST_SINCE = 200_000
NEXT = 20  # of each part that is looked into
FRESH = timedelta(minutes=5)  # an older comparison tells nothing of now


def is_known(seen: CoverageView) -> bool:
    """Say whether to take the comparison's word: there are very many people, and it is fresh."""
    return seen.eligible > COUNTED_TO and datetime.now(UTC) - seen.checked_at < FRESH


def reckoned(
    session: Session, sync: Sync, seen: CoverageView, rivals: Names[uuid.UUID], collection: Collection
) -> Scope:
    """Say about how many a sync would choose, and who of them is before the open parts of the jobs `rivals` still."""
    people = _People(session, matching(sync.where), EVERYBODY if sync.force else CHANGED, seen)
    wanted, gone = people.chosen.total().n + people.since(), seen.orphaned
    in_hand = min(wanted, people.in_hands(rivals)) if rivals else 0
    share = min(1.0, (sync.limit or BIGINT) / max(1, wanted + gone))
    wanted, gone, in_hand = round(wanted * share), round(gone * share), round(in_hand * share)
    length, kept = sampled(session, people.some(), collection)
    return Scope(wanted + gone, in_hand, wanted - in_hand, length, kept, seen.checked_at)


@dataclass(frozen=True)
class _People:
    """Those who meet the filters and are in one of the states, which are disjoint."""

    session: Session
    filters: Sequence[ColumnElement[bool]]
    states: tuple[str, ...]
    seen: CoverageView

    @cached_property
    def chosen(self) -> Chosen:
        return Chosen(self.session, self.filters, [], self.states, self.seen)

    def some(self) -> Sequence[int]:
        """Give some whose texts stand for all; of anybody where there are none."""
        return self.chosen.some(SAMPLE) or Chosen(self.session, [], [], EVERYBODY, self.seen).some(SAMPLE)

    def since(self) -> int:
        """Say about how many have changed since the comparison, as by an import, and were not in it."""
        if self.chosen.is_few:
            return 0  # they were counted now
        changed = [Candidate.updated_at > self.seen.checked_at]
        changed += [Candidate.created_at > self.seen.checked_at] if self.states == EVERYBODY else []
        ids = select(Candidate.id).where(*changed)
        n = self.session.scalar(select(func.count()).select_from(ids.limit(MOST_SINCE).subquery())) or 0
        return round(n * self._fit(ids.limit(SAMPLE).subquery("some"))) if n else 0

    def in_hands(self, jobs: Names[uuid.UUID]) -> int:
        """Say about how many are before the open parts of these jobs: the next few of some parts tell of all."""
        open_parts = (Part.job_id.in_(jobs), text(OPEN))
        before = self.session.scalar(select(func.sum(Part.total - Part.cursor)).where(*open_parts)) or 0
        next_ = literal_column(f"unnest(parts.record_ids[parts.cursor + 1:parts.cursor + {NEXT}])", BigInteger)
        some = select(next_.label("id")).select_from(Part).where(*open_parts).limit(SAMPLE)
        return round(before * self._fit(some.subquery("some"))) if before else 0

    def _fit(self, some: Subquery) -> float:
        """Look which share of some people would be chosen."""
        ours = and_(*self.filters, or_(*(is_in(state, self.seen) for state in self.states)))
        people = select(func.count(), func.count().filter(ours)).outerjoin_from(
            some, Candidate, Candidate.id == some.c.id
        )
        looked_at, fit = self.session.execute(joined(people, self.seen)).one()
        return float(fit) / max(1, looked_at)
