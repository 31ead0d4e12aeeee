"""A text of the core is taken apart into its sentences, and each is said in the reader's language.

A sentence may stand behind another one, or within it: `Waits until 12:04:10 UTC: Qdrant is unwell (500): out of disk.`
What is not known stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from webapp.direction import isolated
from webapp.formatting import on_clock
from webapp.i18n import gettext, ngettext
from webapp.sentences import places
from webapp.sentences.areas import AREAS, AROUND
from webapp.sentences.marks import Counted

LONGEST = 4000  # characters; nothing that the core composes is longer
MOST = 16  # sentences of one text, and ends of one sentence that are tried
END = re.compile(r"(?<=\.) |: |; ")


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a sentence: `fixed` is its longest piece that never varies."""

    known: str | Counted
    pattern: re.Pattern[str]
    fixed: str
    weight: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that is known, as it was written: begun with a capital, or with a stop that are not its own."""

    known: str | Counted
    values: Mapping[str, str]
    capital: bool
    stop: str

    def local(self) -> str:
        values = {name: _value(name, value) for name, value in self.values.items()}
        if isinstance(self.known, Counted):
            said = ngettext(*self.known, int(self.values["n"].replace(",", "")), **values)
        else:
            said = gettext(self.known, **values)
        return (f"{said[:1].upper()}{said[1:]}" if self.capital else said) + self.stop


def local(text: str) -> str:
    """Say a text of the core in the reader's language and on the reader's clock. A filter of the templates."""
    return on_clock(_said(text))


def names(text: str, place: str) -> bool:
    """Say whether a text of the core has a word for this place of a sentence, as its `part`. A filter too."""
    return any(isinstance(piece, Sentence) and place in piece.values for piece in read(text))


def _said(text: str) -> str:
    return "".join(str(isolated(piece)) if isinstance(piece, str) else piece.local() for piece in read(text))


def _value(name: str, value: str) -> str:
    if name in places.NESTED:
        return _said(value)
    return places.WRITTEN[name](value) if name in places.WRITTEN else value


@lru_cache(4096)
def read(text: str) -> tuple[Sentence | str, ...]:
    """Take a text apart: what is known, and between it what is not."""
    if len(text) > LONGEST:
        return (text,)
    pieces: list[Sentence | str] = []
    rest = text
    while rest and len(pieces) < 2 * MOST:
        piece, between, rest = _first(rest)
        pieces += [piece, between] if between else [piece]
    return (*pieces, rest) if rest or not pieces else tuple(pieces)


def _first(text: str) -> tuple[Sentence | str, str, str]:
    """Take the first sentence off, the shortest that is known; with what stands between it and the rest."""
    ends = [(end.start(), end.end()) for _, end in zip(range(MOST), END.finditer(text), strict=False)]
    for start, end in [*ends, (len(text), len(text))]:
        if (known := _known(text[:start])) is not None:
            return known, text[start:end], text[end:]
    start, end = ends[0] if ends else (len(text), len(text))
    return text[:start], text[start:end], text[end:]


def _known(text: str) -> Sentence | None:
    for written, stop in ((text, ""), (text.removesuffix("."), ".")) if text.endswith(".") else ((text, ""),):
        if (found := _match(written)) is not None:
            return Sentence(*found, capital=False, stop=stop)
        if written[:1].isupper() and (found := _match(written[:1].lower() + written[1:])) is not None:
            return Sentence(*found, capital=True, stop=stop)
    return None


def _match(text: str) -> tuple[str | Counted, Mapping[str, str]] | None:
    for form in forms():
        if form.fixed in text and (found := form.pattern.fullmatch(text)):
            return form.known, found.groupdict()
    return None


@cache
def forms() -> tuple[Form, ...]:
    """Give every form: first of those that stand around another sentence, then those with the most of their own."""
    around = [form for known in AROUND for form in _forms(known)]
    others = [form for area in AREAS for known in area for form in _forms(known)]
    return (*around, *sorted(others, key=lambda form: -form.weight))


def _forms(known: str | Counted) -> Iterator[Form]:
    for sentence in known if isinstance(known, Counted) else (known,):
        pieces = re.split(r"%\((\w+)\)s", sentence)
        fixed = pieces[::2]
        pattern = re.compile("".join(_patterns(pieces)), re.DOTALL)
        yield Form(known, pattern, max(fixed, key=len), sum(map(len, fixed)))


def _patterns(pieces: list[str]) -> Iterator[str]:
    for n, piece in enumerate(pieces):
        if n % 2 == 0:
            yield re.escape(piece)
        elif piece in pieces[1:n:2]:
            yield f"(?P={piece})"
        else:
            yield f"(?P<{piece}>{places.form(piece)})"
