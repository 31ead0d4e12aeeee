"""Whom the ids mean that somebody pasted: ours or external ones, mixed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sqlalchemy import any_, select
from sqlalchemy.orm import Session

from core.models import Candidate
from webapp.queries.text import clean

LONGEST = 18  # digits of an id of ours


def people(session: Session, pasted: str, listed: Iterable[str] = ()) -> tuple[list[int], list[str]]:
    """Give our ids of those who are there, each once, and what is nobody's; both as they were pasted.

    Ids stand one a line or by comma. White space cuts too, unless an external id has it. Nothing cuts those `listed`.
    """
    # Each is cleaned by itself, for that caps its length: of a line of many the last would be cut in two.
    pieces = [[clean(piece), *map(clean, piece.split())] for piece in re.split(r"[\n,;]", pasted)]
    pieces += [[one, one] for one in listed]
    whom = _ids(session, {one for piece in pieces for one in piece if one})
    words = [one for whole, *cut in pieces for one in ([whole] if whole in whom else cut) if one]
    known, unknown = dict.fromkeys(whom[one] for one in words if one in whom), dict.fromkeys(words)
    return list(known), [one for one in unknown if one not in whom]


def _ids(session: Session, given: Iterable[str]) -> Mapping[str, int]:
    """Find who has each id, ours before external ones."""
    given = list(given)
    numbers = {one: int(one) for one in given if one.isascii() and one.isdigit() and len(one) <= LONGEST}
    own = set(session.scalars(select(Candidate.id).where(Candidate.id == any_(list(numbers.values())))))  # type: ignore[arg-type]
    external = select(Candidate.external_id, Candidate.id).where(Candidate.external_id == any_(given))  # type: ignore[arg-type]
    theirs = {row.external_id: row.id for row in session.execute(external)}
    return theirs | {one: number for one, number in numbers.items() if number in own}
