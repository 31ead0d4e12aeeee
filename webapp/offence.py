"""A person's stored text with what may offend marked: what was decoded twice, what no reader sees, what is too long."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

SHOWN = 1_200  # characters of one column; around the first mark where there is one
# The start of a letter that was decoded twice (Ã©, â€™), an escape that nobody undid (\xe9, \ud83d), the sign for what
# could not be decoded, control characters and lone surrogates.
SUSPECT = re.compile(
    r"(?:[ÂÃ][\u0080-\u00bf]|â€[\u0080-\uffff]|\\x[0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\ufffd"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|[\ud800-\udfff])+"
)


class Piece(NamedTuple):
    """A stretch of a text; `suspect` is drawn marked."""

    text: str
    suspect: bool = False


class Text(NamedTuple):
    """One column of a profile: the pieces that are shown, and how many places are marked in all of it."""

    name: str
    pieces: Sequence[Piece]
    marks: int
    length: int


def texts(columns: Mapping[str, str], cause: str) -> list[Text]:
    """Give the columns that hold something: those with marks first, or the longest where that is the cause."""
    found = [_text(name, text) for name, text in columns.items() if text.strip()]
    by_length = cause == "text_too_long"
    return sorted(found, key=lambda text: -text.length if by_length else -bool(text.marks))


def _text(name: str, text: str) -> Text:
    places = [found.span() for found in SUSPECT.finditer(text)]
    start = max(places[0][0] - SHOWN // 4, 0) if places and places[0][1] > SHOWN else 0
    return Text(name, _pieces(text, places, start, start + SHOWN), len(places), len(text))


def _pieces(text: str, places: Sequence[tuple[int, int]], start: int, end: int) -> list[Piece]:
    """Cut a stretch of a text at its marks, with dots where it goes on."""
    pieces, at = [Piece("… ")] if start else [], start
    for first, last in places:
        if start <= first and last <= end:
            pieces += [Piece(_plain(text[at:first])), Piece(_visible(text[first:last]), True)]
            at = last
    pieces.append(Piece(_plain(text[at:end])))
    return [*pieces, Piece(" …")] if end < len(text) else pieces


def _visible(suspect: str) -> str:
    """Write what cannot be seen, or sent, as its escape."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in suspect)


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
