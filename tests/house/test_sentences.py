"""What core and worker say to people has its words in webapp/sentences, so that no sentence is forgotten there."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.adapters.cohere_errors import CURES
from tests.house.prose import Place, Said, Way, in_words, prose
from webapp.sentences.areas import AREAS, AROUND
from webapp.sentences.marks import Counted
from webapp.sentences.places import NESTED
from webapp.sentences.reading import Sentence, read

ROOT = Path(__file__).parents[2]
IMPORT = ("csv_file", "formats", "importing", "json_file", "lines", "record", "resume", "row", "store")
# Whole modules whose words no page shows.
ELSEWHERE = {
    "core/cli/": "commands, in a terminal",
    "core/stack/": "`vigia up`, in a terminal",
    "core/doctor.py": "`vigia doctor`, in a terminal",
    **{f"core/intake/{name}.py": "`vigia import`, in a terminal" for name in IMPORT},
    "core/settings.py": "a process that does not start",
    "core/models/": "SQL",
    "webapp/api/": "the API alone",
    "worker/__main__.py": "a process that does not start",
    "worker/families.py": "the help of metrics",
    "worker/ledger_figures.py": "the answer to a scrape",
    "worker/metrics.py": "a header of HTTP",
    "worker/ops_server.py": "answers to probes and scrapes",
    "worker/probes.py": "answers to probes",
    "worker/ticker.py": "a process that does not start",
}
# Single strings that no page shows.
UNSEEN = {
    "vectors of several sizes": "caught by who calls, and said as `no readable vectors`",
    "This Idempotency-Key came with another body before. Use a new key for a new request.": "of the API alone",
    "already used with another body": "of the API alone",
    "This token lacks the scope {}.": "of the API alone",
    "give either ids or where; an empty where is every open failure": "of the API alone",
    "give either numbers or where; an empty where is every job": "of the API alone",
    "the worker is stopping": "ends a part without a word but in the log",
    "the queue is paused": "ends a part without a word but in the log",
    "others take their turn": "ends a part without a word but in the log",
    "the lease ran out before a write": "ends a part without a word but in the log",
    "the lease ran out while the database was away": "ends a part without a word but in the log",
    "part {} of job {} has another holder": "ends a part without a word but in the log",
    "{} is not a function that workers run": "in the register of RQ alone",
    "Discard the failures of": "the beginning of titles",
    " by itself on ": "looked for, not said",
    " until ": "looked for, not said",
}
# What stands in places that take more than a name or a number.
VALUES = {
    "act": ("Retry", "Cancel", "Discard", "Discard the failures of"),
    "before.what": ("drain", "stop"),
    "what": ("Xq", "drain", "stop"),
    "row.status": ("resolved", "discarded"),
    "cure": ("Xq.",),
    "befell": ("Xq.",),
    "month": ("November",),
    "following": ("November",),
    "', '.join(ROLES)": ("viewer, operator, admin",),
    "', '.join(SCOPES)": ("read, operate, admin",),
}
# What several functions put together.
ASSEMBLED = (
    *("Completed.", "Completed with errors. 3 of 40 failed; the others are done.", "Failed.", "Cancelled."),
    *(f"This job is over already: {end}." for end in ("completed", "completed with errors", "failed", "cancelled")),
    *(f"{cure.format(model='Xq')} (401) [refused at 12:04:10 UTC]" for _, cure in CURES.values()),
    *(half[:1].upper() + half[1:] + "." for _, cure in CURES.values() for half in cure.split(": ")),
    "Redis does not answer (ConnectionError) (attempt 2 of 6 is next)",
    "Waits until 2026-11-23 12:04:10 UTC: Cohere is unwell (503) (attempt 2 of 6 is next). 1 of 8 parts wait, the "
    "others go on.",
    "Waiting for Cohere until 12:04:10 UTC (429). 3 of 8 parts wait, the others go on.",
    "The budget of 12.00 USD for November is used up (1,234.50 USD). Jobs wait; searches go on.",
    *("holds a NUL character", "nested deeper than 30", "has 100,001 characters; at most 100,000"),
    *("holds a number that is too big", "from 1 to 100", "is not a cursor of this list; start again without it"),
    "First start",
    "Set MONTHLY_BUDGET higher, or it goes on by itself on 1 December.",
    "Waits until 12:04:10 UTC: qdrant does not answer (Xq): is it running at QDRANT_URL?. From now on tried every 5 s.",
)
RAW = re.compile(r"[\W\d_]*(?:Xq[\W\d_]*)*")


def as_written(said: Said) -> str:
    return "".join(piece if isinstance(piece, str) else "{}" for piece in said.ways[0])


def unseen(said: Said) -> bool:
    return said.path.startswith(tuple(ELSEWHERE)) or as_written(said) in UNSEEN


def written(place: Place) -> tuple[str, ...]:
    """Give what may stand in a place, one sort of value each."""
    if place.source.startswith("until("):
        return ("12:04:10 UTC",)
    if place.source.startswith("waits("):
        return ("Xq.",)
    if "f" in place.how and place.how != ".0f":
        return ("1,234.50",)
    return VALUES.get(place.source, ("7", "Xq"))


def examples(way: Way) -> Iterator[str]:
    for values in itertools.product(*((piece,) if isinstance(piece, str) else written(piece) for piece in way)):
        yield "".join(values)


def sentences(text: str) -> Iterator[str | Counted]:
    """Give what a text consists of, and what stands within that."""
    for piece in read(text):
        if isinstance(piece, Sentence):
            yield piece.known
            yield from itertools.chain.from_iterable(
                sentences(piece.values[name]) for name in NESTED & set(piece.values)
            )


def is_known(text: str) -> bool:
    pieces = read(text)
    return any(isinstance(piece, Sentence) for piece in pieces) and all(
        isinstance(piece, Sentence) or RAW.fullmatch(piece) for piece in pieces
    )


@pytest.fixture(scope="module")
def every() -> list[Said]:
    """What core and worker say, and what the portal refuses things with."""
    refusals = frozenset({"NotFound", "Refused", "Invalid", "Unavailable", "Forbidden", "abort"})
    return [*prose(ROOT, "core", "worker"), *prose(ROOT, "webapp", calls=refusals)]


@pytest.fixture(scope="module")
def sources(every: list[Said]) -> list[Said]:
    return [said for said in every if not unseen(said)]


def test_every_sentence_of_the_core_is_known_to_the_portal(sources: list[Said]) -> None:
    forgotten = [
        f"{said.path}:{said.line}: {next(examples(way))}"
        for said in sources
        for way in said.ways
        if in_words(way) and not any(map(is_known, examples(way)))
    ]

    assert forgotten == [], "give each a template in webapp/sentences, or say in UNSEEN why nobody reads it"


def test_what_is_put_together_out_of_sight_is_known_as_well() -> None:
    assert [text for text in ASSEMBLED if not is_known(text)] == []


def test_the_portal_knows_no_sentence_that_nobody_says(sources: list[Said]) -> None:
    texts = itertools.chain(ASSEMBLED, (text for said in sources for way in said.ways for text in examples(way)))
    said = {known for text in texts for known in sentences(text)}
    never = [known for area in (AROUND, *AREAS) for known in area if known not in said]

    assert [known for known in never if not re.search("CSRF|proxy", str(known))] == []  # of Flask-WTF and Werkzeug


def test_no_exception_is_left_that_is_none(every: list[Said]) -> None:
    texts = {as_written(said) for said in every}

    assert [prefix for prefix in ELSEWHERE if not any(said.path.startswith(prefix) for said in every)] == []
    assert [text for text in UNSEEN if text not in texts] == []


def test_a_new_sentence_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "new.py").write_text(
        '''def f(n, why):
    """No sentence for people."""
    things = "one thing" if n == 1 else f"{n:,} things"
    more = f", for {why}" if why else "."
    tell(f"Nobody has told of {things} yet" + more)
'''
    )

    (found,) = prose(tmp_path, "core")

    written = {next(examples(way)) for way in found.ways}
    assert written == {
        "Nobody has told of one thing yet, for 7",
        "Nobody has told of one thing yet.",
        "Nobody has told of 7 things yet, for 7",
        "Nobody has told of 7 things yet.",
    }
    assert not any(map(is_known, written))
