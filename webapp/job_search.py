"""The search box of the jobs: one line of terms and words, read into what it means and what is wrong with it.

status:failed kind:etl user:"Marta Ibáñez" error:cohere after:2h -user:token:nightly "ticket 4711"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from core.jobs.search import PIECE, JobWhere
from core.models.job import NOT_OVER
from webapp.i18n import gettext as _
from webapp.queries.text import clean

TERMS = ("status", "kind", "user", "error", "open", "id", "person", "before", "after")
ALSO = {"candidate": "person"}
NEGATIVE = ("status", "kind", "user", "error")
LONGEST = 200
GROUPS = {"open": NOT_OVER}
TOKEN = re.compile(r'(-?)(?:([^\W\d_]+):)?(?:"([^"]*)("?)|(\S*))')
AGE = re.compile(r"(\d{1,6})\s*(min|m|h|d|w)(?:\s+ago)?")
UNITS = {"min": "minutes", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Known:
    """What values are held against; names are asked for only when a term needs them."""

    statuses: Sequence[str]
    kinds: Sequence[str]
    me: str = ""
    launchers: Callable[[], Sequence[str]] = tuple
    errors: Callable[[], Sequence[str]] = tuple
    people: Callable[[str], Sequence[int]] = lambda given: ()
    zone: tzinfo = UTC
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class JobSearch:
    """What was typed and what it means. With a problem nothing is searched; a hint only explains an empty list.

    `pieces` is the text cut at what cannot be used, each with whether it is that.
    """

    text: str = ""
    where: JobWhere = field(default_factory=JobWhere)
    problems: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    pieces: tuple[tuple[str, bool], ...] = ()


class Token(NamedTuple):
    minus: bool
    term: str  # empty for a free word
    value: str
    closed: bool = True
    span: tuple[int, int] = (0, 0)  # where it stands in the text


class _Unusable(Exception):
    """A term that cannot be used; its text is the sentence for people."""


def read(text: str, known: Known) -> JobSearch:
    """Read the box. Never raises: what cannot be used is a problem, in the reader's language, with the cure."""
    long, text = len(text) > LONGEST, clean(text)
    reader = _Reader(known)
    if long:
        reader.problems.append(_("The search is longer than %(most)s characters.", most=LONGEST))
    line, wrong = _one_word_ages(text), []
    for token in tokens(line):
        try:
            reader.take(token)
        except _Unusable as bad:
            reader.problems.append(str(bad))
            wrong.append(token.span)
    problems, hints = tuple(dict.fromkeys(reader.problems)), tuple(reader.hints)
    pieces = tuple(_pieces(line, wrong)) if wrong else ()
    return JobSearch(text, JobWhere(**reader.found), problems, hints, pieces)


def tokens(text: str) -> Iterator[Token]:
    """Cut a line into its terms."""
    for found in TOKEN.finditer(text):
        minus, term, quoted, end, bare = found.groups()
        value = quoted if quoted is not None else bare
        if minus or term or value:
            yield Token(bool(minus), (term or "").lower(), value, quoted is None or bool(end), found.span())


def _one_word_ages(text: str) -> str:
    """Write `3d ago` as one value."""
    return re.sub(r"(?<=:)(\d+(?:min|m|h|d|w)) ago\b", r"\1", text)


def _pieces(text: str, wrong: Sequence[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    """Cut a text at the spans that are wrong."""
    at = 0
    for first, last in wrong:
        yield text[at:first], False
        yield text[first:last], True
        at = last
    yield text[at:], False


class _Reader:
    """Collects what the terms say, field by field of JobWhere."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.found: dict[str, Any] = {}
        self.problems: list[str] = []
        self.hints: list[str] = []

    def take(self, token: Token) -> None:
        if not token.closed:
            raise _Unusable(_("A quotation mark is not closed: “%(words)s”.", words=token.value[:60]))
        if not token.term:
            return self._word(token)
        term = ALSO.get(token.term, token.term)
        if term not in TERMS:
            every = ", ".join(f"{name}:" for name in TERMS)
            cure = _("The terms are %(every)s; words with a colon go into quotes.", every=every)
            raise _Unusable(_("There is no term “%(term)s:”.", term=token.term[:40]) + " " + cure)
        if not token.value.strip():
            raise _Unusable(_("“%(term)s:” needs its value right behind it, without a space.", term=term))
        if token.minus and term not in NEGATIVE:
            raise _Unusable(_("A minus works before status:, kind:, user: and error: only."))
        getattr(self, f"_{term}")(token.value.strip(), "not_" if token.minus else "")

    def _word(self, token: Token) -> None:
        if token.minus:
            raise _Unusable(_("A minus works before status:, kind:, user: and error: only."))
        if _looks_like_an_id(token.value):
            return self._add("ids", token.value)
        if not PIECE.search(token.value):
            raise _Unusable(_("“%(word)s” has no letter or digit to search for.", word=token.value[:40]))
        self._add("words", token.value)

    def _status(self, value: str, minus: str) -> None:
        given = value.lower()
        if given not in self.known.statuses and given not in GROUPS:
            every = ", ".join((*self.known.statuses, *GROUPS))
            raise _Unusable(_("“%(value)s” is no status. They are %(every)s.", value=value[:40], every=every))
        self._add(f"{minus}statuses", *GROUPS.get(given, (given,)))

    def _kind(self, value: str, minus: str) -> None:
        found = [name for name in self.known.kinds if name.startswith(value.lower())]
        if not found:
            every = ", ".join(self.known.kinds)
            raise _Unusable(_("No kind of job begins with “%(value)s”. They are %(every)s.", value=value, every=every))
        self._add(f"{minus}kinds", *found)

    def _user(self, value: str, minus: str) -> None:
        wanted = (self.known.me if value.lower() == "me" and self.known.me else value).casefold()
        names = self.known.launchers()
        found = [name for name in names if name.casefold() == wanted] or [
            name for name in names if name.casefold().startswith(wanted) or f" {wanted}" in f" {name.casefold()}"
        ]
        if not found and not minus:
            self.hints.append(_("Nobody with a name like “%(value)s” has launched a job.", value=value[:60]))
        self._add(f"{minus}users", *(found or [value]))

    def _error(self, value: str, minus: str) -> None:
        self._add(f"{minus}errors", *self._codes(self.known.errors(), value, minus))

    def _open(self, value: str, minus: str) -> None:
        known = self.known.errors()
        self._add("causes", *([value] if value in known else self._codes(known, value)))

    def _codes(self, known: Sequence[str], value: str, minus: str = "") -> Sequence[str]:
        found = [code for code in known if code.startswith(value.lower())]
        if not found and not minus:
            self.hints.append(_("No job and no failure has an error like “%(value)s”.", value=value[:60]))
        return found or [value]

    def _id(self, value: str, minus: str) -> None:
        if not re.fullmatch(r"#?[0-9]{1,18}|(?=.{4,36}$)[0-9a-f]+(-[0-9a-f]*)*", value.lower()):
            raise _Unusable(
                _(
                    "“%(value)s” is not the start of a job's id: its first 4 to 36 characters, or its number.",
                    value=value[:40],
                )
            )
        self._add("ids", value)

    def _person(self, value: str, minus: str) -> None:
        found = self.known.people(value)
        if not found:
            self.hints.append(_("No candidate has the id “%(value)s”.", value=value[:60]))
        self._add("people", *(found or [0]))

    def _after(self, value: str, minus: str) -> None:
        moment = self._moment(value)
        self.found["after"] = max(moment, self.found.get("after", moment))

    def _before(self, value: str, minus: str) -> None:
        moment = self._moment(value)
        self.found["before"] = min(moment, self.found.get("before", moment))

    def _moment(self, value: str) -> datetime:
        """Read a date or a time by the reader's clock, or how long ago."""
        try:
            if age := AGE.fullmatch(value.lower()):
                return self.known.now() - timedelta(**{UNITS[age[2]]: int(age[1])})
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=self.known.zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            cure = _('Write 2026-11-20 or "2026-11-20 14:00", or how long ago: 30min, 2h, 3d, 1w.')
            raise _Unusable(_("“%(value)s” is no date.", value=value[:40]) + " " + cure) from None

    def _add(self, name: str, *values: Any) -> None:
        self.found[name] = tuple(dict.fromkeys((*self.found.get(name, ()), *values)))


def _looks_like_an_id(word: str) -> bool:
    """Take `#` and a number for an id, and eight hexadecimal characters and more, if a digit is among them."""
    digits = word.lower().replace("-", "")
    return bool(re.fullmatch(r"#[0-9]{1,18}", word) or re.fullmatch(r"(?=.*[0-9])[0-9a-f]{8,32}", digits))
