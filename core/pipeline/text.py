"""The text of a candidate: what is embedded, and what a search result shows of it."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.candidates import CandidateRow

MOST_CHARACTERS = 30_000
PASSAGE_CHARACTERS = 240

# What makes a person worth indexing. PostgreSQL must decide the same whatever its locale, so both go by ranges:
# `candidate_has_text` in the migrations has these too, and a test holds the two together.
LETTER_OR_DIGIT = (
    r"A-Za-z0-9\u00AA\u00B2\u00B3\u00B5\u00B9\u00BA\u00BC-\u00BE\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u061B\u061D-\u167F"
    r"\u1681-\u1FFF\u2070-\u209C\u2100-\u218B\u2460-\u24FF\u2776-\u2793\u2C00-\u2E2F\u3005-\u3007\u3021-\uD7FF"
    r"\uF900-\uFDFF\uFE70-\uFEFC\uFF10-\uFF19\uFF21-\uFF3A\uFF41-\uFF5A\uFF66-\uFFDC"
    r"\U00010000-\U0001EFFF\U0001F100-\U0001F10C\U0001FBF0-\U0001FBF9\U00020000-\U000323AF"
)
_LETTER_OR_DIGIT = re.compile(f"[{LETTER_OR_DIGIT}]")


@dataclass(frozen=True, slots=True)
class CandidateText:
    """A cleaned text; empty when no column has a letter or a digit. `truncated` when it was longer than the most."""

    text: str
    truncated: bool


NO_TEXT = CandidateText("", False)


def text_of(row: CandidateRow) -> CandidateText:
    """Join headline, summary, skills, experience and education, one thing a line. Takes microseconds."""
    lines = [line for line in (row.headline, row.summary) if line]
    if row.skills:
        lines.append(", ".join(words_of(row.skills)))
    _add_entries(lines, row.experience)
    _add_entries(lines, row.education)
    raw = "\n".join(lines)
    if not _LETTER_OR_DIGIT.search(raw):
        return NO_TEXT
    text = clean(raw)
    if len(text) > MOST_CHARACTERS:
        return CandidateText(_cut(text, MOST_CHARACTERS), True)
    return CandidateText(text, False)


def words_of(array: Sequence[Any] | None) -> list[str]:
    """List the words of a column of words in their order, out of arrays of any shape; NULLs and empty ones go."""
    if not array:
        return []
    if set(map(type, array)) == {str}:  # nearly always
        return [word for word in array if word]
    return _leaves(array)


def _add_entries(lines: list[str], entries: Any) -> None:
    """Add one line for each entry; a lone object or string counts as one entry."""
    if entries is None:
        return
    for entry in entries if isinstance(entries, list) else (entries,):
        if line := _flat(entry) or ", ".join(_leaves(entry)):
            lines.append(line)


def _flat(entry: Any) -> str:
    """Write the usual entry, an object of strings, its title first; empty for any other."""
    if type(entry) is not dict:
        return ""
    values = ({"title": entry["title"], **entry} if "title" in entry else entry).values()
    try:
        return "" if "" in values else ", ".join(values)
    except TypeError:  # asking each value for its type costs more than the whole line
        return ""


def _leaves(entry: Any) -> list[str]:
    """Collect the strings and numbers of any JSON value in their order, at any depth, an object's title first."""
    found: list[str] = []
    waiting = [entry]  # a stack, not recursion: nobody has to vouch for the depth
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if value:
                found.append(value)
        elif isinstance(value, dict):
            rest = [item for key, item in value.items() if key != "title"]
            waiting += reversed([value["title"], *rest] if "title" in value else rest)
        elif isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found.append(str(value))
    return found


def clean(text: str) -> str:
    """Remove what no reader sees and bring the rest to one form: NFC, single spaces, at most one empty line.

    NUL and other control characters, lone surrogates, invisible and direction-changing marks go; lines stay.
    """
    if not _is_plain(text):
        text = text.replace("\r\n", "\n")
        for unwanted in _UNWANTED.keys() & set(text):
            text = text.replace(unwanted, _UNWANTED[unwanted])
        text = unicodedata.normalize("NFC", text)
    if "  " in text:
        text = "\n".join([" ".join(line.split()) for line in text.split("\n")])
    else:
        text = "\n".join(map(str.strip, text.split("\n")))
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip()


def _is_plain(text: str) -> bool:
    """Say at a glance whether a text is in Latin-1, where NFC changes nothing, without control characters."""
    try:
        return not text.encode("latin-1").translate(None, _PLAIN)
    except UnicodeEncodeError:
        return False


def _unwanted() -> dict[str, str]:
    gone = [*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)]  # control characters and lone surrogates
    gone += [0xAD, 0x200B, 0x2060, 0xFEFF, 0xFFFE, 0xFFFF]  # invisible; the joiners of emoji and of scripts stay
    gone += [0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]  # they turn the direction round
    lines = [0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029]
    spaces = [0x09, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000]
    meant = dict.fromkeys(gone, "") | dict.fromkeys(lines, "\n") | dict.fromkeys(spaces, " ")
    return {chr(code): instead for code, instead in meant.items() if code != 0x0A}


_UNWANTED = _unwanted()
_PLAIN = bytes(code for code in range(0x100) if chr(code) not in _UNWANTED)


def _cut(text: str, most: int) -> str:
    """Cut at a word's end where one is near."""
    head = text[:most]
    end = max(head.rfind(" "), head.rfind("\n"))
    return head[:end].rstrip() if end > most - 100 else head


def passage_of(text: str, question: str) -> str:
    """Return the stretch of a text, at most 240 characters on one line, that has most of the question's words."""
    wanted = _stems(question)
    pieces = _pieces(text)
    meant = [wanted & _stems(piece) for piece in pieces]
    best, most = "", -1
    for start, end in _stretches(pieces):
        found = len(set().union(*meant[start:end]))
        if found > most:
            best, most = " ".join(pieces[start:end]), found
    return best


def _pieces(text: str) -> list[str]:
    """Split into sentences, and these where they are too long to show."""
    sentences = [sentence for line in text.split("\n") for sentence in re.split(r"(?<=[.!?]) +", line) if sentence]
    return [
        piece
        for sentence in sentences
        for piece in (
            [sentence] if len(sentence) <= PASSAGE_CHARACTERS else textwrap.wrap(sentence, PASSAGE_CHARACTERS)
        )
    ]


def _stretches(pieces: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield for each piece where the longest stretch that begins with it and can be shown ends."""
    for start in range(len(pieces)):
        end, length = start + 1, len(pieces[start])
        while end < len(pieces) and length + 1 + len(pieces[end]) <= PASSAGE_CHARACTERS:
            length += 1 + len(pieces[end])
            end += 1
        yield start, end


def _stems(text: str) -> set[str]:
    """Fold case and accents and keep the start of each longer word, so that enfermera meets enfermería."""
    plain = re.sub(r"[\u0300-\u036f]+", "", unicodedata.normalize("NFD", text.casefold()))
    return {word[:6] for word in re.findall(r"\w+", plain) if len(word) > 3 or word.isdigit()}
