"""Can this person be found, and if not, why: every fact of it, from PostgreSQL, the index and the embedder.

What cannot be asked is left out and said; the rest is shown all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import structlog

from core import point
from core.coverage import CoverageView
from core.errors import AppError
from core.jobs.preview import CHARACTERS_A_TOKEN
from core.models import Candidate, IndexState
from core.pipeline.plan import point_id
from core.point import PointNow, Rank, TextNow
from core.ports import Collection
from core.prices import price_of
from webapp.extensions import db
from webapp.queries import candidates, coverage, in_hand
from webapp.queries.candidates import CandidateDetail
from webapp.queries.in_hand import InHand
from webapp.sentences import local

T = TypeVar("T")
log = structlog.stdlib.get_logger("portal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """All that is known. `point` is None when the index was not asked, or did not answer: then `trouble` says why.

    `by_headline` is None when nobody asked for it, or it could not be asked: then `unasked` says why.
    """

    shown: CandidateDetail
    place: IndexState | None
    collection: Collection | None
    text: TextNow | None
    point: PointNow | None
    trouble: str
    by_headline: Rank | None
    unasked: str
    near: tuple[tuple[Candidate, float], ...]
    hand: InHand | None
    points: int | None  # that the whole index counted in the last comparison

    @property
    def point_id(self) -> UUID:
        return point_id(self.shown.candidate.id)

    @property
    def answer(self) -> str:
        """Name the answer: see ANSWERS."""
        return _answer(self)

    @property
    def tokens(self) -> int:
        """Estimate what the text has; 0 without text."""
        return round(self.text.characters / CHARACTERS_A_TOKEN) if self.text else 0

    @property
    def cost(self) -> tuple[float, str] | None:
        """Estimate what indexing would cost now; None when the price is not known."""
        if self.text and self.text.kept:
            return 0.0, ""
        return price_of(self.collection.model, self.tokens) if self.collection else None


ANSWERS = (
    *("found", "facts_old", "text_old", "other_model", "unseen", "missing", "failed"),
    *("lost", "wrong_size", "wrong_text", "orphaned", "opted_out", "deleted", "no_text"),
)


def of(candidate_id: int, *, ask: bool) -> Whereabouts:
    """Gather it all; `ask` searches by the headline also where that costs. Raises NotFound for nobody."""
    session, seen = db.session(), coverage.show(db.session())
    shown = candidates.show(session, candidate_id, seen)
    collection = _collection(seen)
    place = next((at for at in shown.places if collection and at.collection == collection.name), None)
    text, here, trouble, rank, unasked = None, None, "", None, ""
    if collection is not None:
        text, _ = _try(lambda: point.text_now(candidate_id, collection))
        here, trouble = _try(lambda: point.look(candidate_id, collection, text))
        headline = (shown.candidate.headline or "").strip()[:1000]
        if here is not None and here.there and headline:
            rank, unasked = _try(lambda: _rank(candidate_id, headline, collection, ask))
    near = _named(here)
    hand = in_hand.find(session, candidate_id)
    return Whereabouts(
        shown=shown,
        place=place,
        collection=collection,
        text=text,
        point=here,
        trouble=trouble,
        by_headline=rank,
        unasked=unasked,
        near=near,
        hand=hand,
        points=seen.points if seen else None,
    )


def _collection(seen: CoverageView | None) -> Collection | None:
    if seen is None or seen.collection is None:
        return None
    return Collection(seen.collection, seen.model or "", seen.dimension or 0)


def _rank(candidate_id: int, headline: str, collection: Collection, ask: bool) -> Rank | None:
    return point.rank_of(candidate_id, headline, collection) if ask or point.free_to_ask() else None


def _try(ask: Callable[[], T]) -> tuple[T | None, str]:
    """Give what was asked for, or why it could not be told."""
    try:
        return ask(), ""
    except AppError as error:
        log.warning("whereabouts incomplete", code=error.code)
        return None, local(str(error))


def _named(here: PointNow | None) -> tuple[tuple[Candidate, float], ...]:
    if here is None:
        return ()
    found = [(db.session().get(Candidate, near.id), near.score) for near in here.nearest]
    return tuple((person, score) for person, score in found if person is not None)


def _answer(known: Whereabouts) -> str:
    shown, person = known.shown, known.shown.candidate
    if shown.state == "not_eligible":
        left = known.point is not None and known.point.there
        return "orphaned" if left else _unfit(person)
    if shown.state in ("orphaned", "failed", "missing"):
        return shown.state
    if known.point is None:
        return "unseen" if shown.state == "indexed" else _stale(known)
    return _of_point(known, known.point) or ("found" if shown.state == "indexed" else _stale(known))


def _of_point(known: Whereabouts, here: PointNow) -> str | None:
    """Say what is wrong with the point itself, whatever the ledger believes."""
    if not here.there:
        return "lost"
    if known.collection and here.size != known.collection.dimension:
        return "wrong_size"
    if known.place and here.payload.get("content_hash") != known.place.content_hash.hex():
        return "wrong_text"
    return None


def _stale(known: Whereabouts) -> str:
    place, text, collection = known.place, known.text, known.collection
    if place and collection and (place.model, place.dimension) != (collection.model, collection.dimension):
        return "other_model"
    same = place is not None and text is not None and text.content_hash == place.content_hash.hex()
    return "facts_old" if same else "text_old"


def _unfit(person: Candidate) -> str:
    return "opted_out" if person.opted_out else "deleted" if person.deleted_at else "no_text"
