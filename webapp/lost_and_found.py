"""Whom some words mean: by name, by an id of ours or another's, by the id of a point; and whom they may have meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from core import point
from core.coverage import known_collection
from core.errors import AppError
from core.settings import settings
from webapp.extensions import db
from webapp.queries import candidates, coverage, similar
from webapp.queries.candidates import CandidateFilter, CandidateRow
from webapp.queries.text import clean
from webapp.sentences import local


@dataclass(frozen=True, slots=True)
class Looked:
    """`one` person, or a list that `text` gives; else whom the words may have meant, and what was looked through.

    `trouble` says why the index could not be asked for a point.
    """

    one: int | None = None
    text: str | None = None
    may_be: tuple[CandidateRow, ...] = ()
    point: UUID | None = None
    trouble: str = ""
    mail: bool = False


def find(words: str) -> Looked:
    """Look for people, by everything that is known of them."""
    if not words:
        return Looked(text="")
    if (name := _uuid(words)) is not None:
        return _of_point(name)
    mail = "@" in words
    for text in dict.fromkeys([words, words.partition("@")[0]]):
        seen = coverage.show(db.session())
        page = candidates.find_page(db.session(), CandidateFilter(text=text), seen, limit=2)
        if page.items:
            return Looked(one=page.items[0].id) if len(page.items) == 1 else Looked(text=text)
    words = clean(words)
    bare = re.sub(r"[._+-]", " ", words.partition("@")[0]) if mail else words
    return Looked(may_be=_similar(bare), mail=mail)


def _uuid(words: str) -> UUID | None:
    try:
        return UUID(words)
    except ValueError:
        return None


def _of_point(name: UUID) -> Looked:
    """Ask the index whose point this is."""
    collection = known_collection(db.session(), settings().collection)
    if not collection.name:
        return Looked(point=name)
    try:
        return Looked(one=point.whose(name, collection), point=name)
    except AppError as error:
        return Looked(point=name, trouble=local(str(error)))


def _similar(words: str) -> tuple[CandidateRow, ...]:
    session = db.session()
    return tuple(candidates.named(session, similar.similar(session, words), coverage.show(session)))
