"""Whom words may mean that match nobody: accents left out, a letter too many, an id in small letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import product

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.models import Candidate
from webapp.queries.named import named

MOST = 5
LOOKED_AT = 100  # names that begin alike, for each of two ways
ALIKE = 0.72  # of 1, the mean over the words
START = 3  # letters in which a word must agree but for its accents
ACCENTS = {"a": "aáàäâã", "e": "eéèëê", "i": "iíìïî", "o": "oóòöôõ", "u": "uúùüû", "n": "nñ", "c": "cç"}


def similar(session: Session, words: str) -> list[int]:
    """Give the ids of the few people whose name or external id is nearest to the words, nearest first."""
    tokens = [token for token in re.findall(r"[^\W\d_]+", folded(words)) if len(token) > 1][:6]
    alike = {person: _alike(tokens, name) for person, name in _beginning_alike(session, tokens).items()}
    nearest = sorted((person for person in alike if alike[person] >= ALIKE), key=lambda person: -alike[person])
    return list(dict.fromkeys([*_of_external_id(session, words), *nearest]))[:MOST]


def folded(written: str) -> str:
    """Write without accents and capitals."""
    return re.sub(r"[\u0300-\u036f]+", "", unicodedata.normalize("NFD", written.casefold()))


def _of_external_id(session: Session, words: str) -> Sequence[int]:
    bare = re.sub(r"\s+", "", words)
    ways = {bare, bare.upper(), bare.lower(), re.sub(r"\s+", "-", words.strip()).upper()}
    return session.scalars(select(Candidate.id).where(Candidate.external_id.in_(ways)).limit(MOST)).all()


def _beginning_alike(session: Session, tokens: Sequence[str]) -> dict[int, str]:
    """Find people whose name has words that begin as all of these do, and as any of these does."""
    if not tokens:
        return {}
    starts = ["(" + "|".join(f"'{start}':*" for start in _spellings(token[:START])) + ")" for token in tokens]
    found: dict[int, str] = {}
    # PostgreSQL takes half of the people for alike, and would read them all to find that nobody is.
    session.execute(text("SET LOCAL enable_seqscan = off"))
    for query in (" & ".join(starts), " | ".join(starts)):
        rows = session.execute(select(Candidate.id, Candidate.full_name).where(named(query)).limit(LOOKED_AT))
        found |= dict(rows.all())
    session.execute(text("SET LOCAL enable_seqscan = on"))
    return found


def _spellings(start: str) -> list[str]:
    return ["".join(letters) for letters in product(*(ACCENTS.get(letter, letter) for letter in start))]


def _alike(tokens: Sequence[str], name: str) -> float:
    """Compare word by word, each with the one of the name that it is most like."""
    own = re.findall(r"\w+", folded(name))
    best = [max((SequenceMatcher(None, token, word).ratio() for word in own), default=0.0) for token in tokens]
    return sum(best) / len(best)
