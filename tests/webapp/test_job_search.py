"""The search box of the jobs: what it understands, and what it says of what it does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from core.jobs.search import JobWhere, conditions
from webapp.extensions import babel
from webapp.job_search import ALSO, LONGEST, TERMS, JobSearch, Known, read, tokens

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KNOWN = Known(
    statuses=("queued", "running", "waiting", "cancelling", "completed", "failed"),
    kinds=("etl.sync", "etl.embed", "jobs.bulk"),
    me="Marta Ibáñez",
    launchers=lambda: ("Marta Ibáñez", "Íñigo Arregi", "token:nightly", "token:ats"),
    errors=lambda: ("cohere_timeout", "cohere_unreachable", "text_refused", "text_refused_twice"),
    people=lambda given: (7,) if given in ("7", "ATS-000007") else (),
    zone=ZoneInfo("Europe/Madrid"),
    now=lambda: NOW,
)


@pytest.fixture(autouse=True)
def english() -> object:
    """Sentences are said in a request; any small app will do for it."""
    app = Flask(__name__)
    babel.init_app(app)
    with app.test_request_context():
        yield


def where(text: str) -> JobWhere:
    search = read(text, KNOWN)
    assert search.problems == ()
    return search.where


def problem(text: str) -> str:
    (sentence,) = read(text, KNOWN).problems
    return sentence


def test_an_empty_box_is_everything() -> None:
    assert read("  ", KNOWN) == JobSearch()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("status:failed", JobWhere(statuses=("failed",))),
        ("STATUS:Failed", JobWhere(statuses=("failed",))),
        ("status:failed status:running", JobWhere(statuses=("failed", "running"))),
        ("status:open", JobWhere(statuses=("queued", "running", "waiting", "cancelling"))),
        ("-status:failed", JobWhere(not_statuses=("failed",))),
        ("kind:etl", JobWhere(kinds=("etl.sync", "etl.embed"))),
        ("kind:etl.embed", JobWhere(kinds=("etl.embed",))),
        ('user:"marta ibáñez"', JobWhere(users=("Marta Ibáñez",))),
        ("user:arregi", JobWhere(users=("Íñigo Arregi",))),
        ("user:me", JobWhere(users=("Marta Ibáñez",))),
        ("-user:token", JobWhere(not_users=("token:nightly", "token:ats"))),
        ("user:token:ats", JobWhere(users=("token:ats",))),
        ("error:cohere", JobWhere(errors=("cohere_timeout", "cohere_unreachable"))),
        ("-error:text_refused_t", JobWhere(not_errors=("text_refused_twice",))),
        ("open:Cohere", JobWhere(causes=("cohere_timeout", "cohere_unreachable"))),
        ("open:text_refused", JobWhere(causes=("text_refused",))),
        ("id:0a1b", JobWhere(ids=("0a1b",))),
        ("id:#12", JobWhere(ids=("#12",))),
        ("person:ATS-000007", JobWhere(people=(7,))),
        ("candidate:7", JobWhere(people=(7,))),
        ("0a1b2c3d", JobWhere(ids=("0a1b2c3d",))),
        ("#30290 nightly", JobWhere(ids=("#30290",), words=("nightly",))),
        ('"ticket #4711" 4711 #47-11', JobWhere(words=("ticket #4711", "4711", "#47-11"))),
        ("Coruña nightly", JobWhere(words=("Coruña", "nightly"))),
        ('"not indexed" sync', JobWhere(words=("not indexed", "sync"))),
        ('"status:failed"', JobWhere(words=("status:failed",))),
        ("12:30", JobWhere(words=("12:30",))),
    ],
)
def test_terms_and_words_are_understood(text: str, meant: JobWhere) -> None:
    assert where(text) == meant


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("after:2h", NOW - timedelta(hours=2)),
        ("after:3d ago", NOW - timedelta(days=3)),
        ('after:"3 d ago"', NOW - timedelta(days=3)),
        ("after:30min", NOW - timedelta(minutes=30)),
        ("after:1w after:1h", NOW - timedelta(hours=1)),
        ("after:2026-11-20", datetime(2026, 11, 19, 23, tzinfo=UTC)),
        ('after:"2026-11-20 14:00"', datetime(2026, 11, 20, 13, tzinfo=UTC)),
        ("after:2026-11-20T14:00Z", datetime(2026, 11, 20, 14, tzinfo=UTC)),
    ],
)
def test_moments_are_read_by_the_readers_clock(text: str, moment: datetime) -> None:
    assert where(text) == JobWhere(after=moment)
    assert where(text.replace("after", "before").replace("1h", "3h")).before is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour:red", "There is no term “colour:”. The terms are status:, kind:,"),
        ("status:done", "“done” is no status. They are queued, running"),
        ("kind:zebra", "No kind of job begins with “zebra”. They are etl.sync"),
        ("user: marta", "“user:” needs its value right behind it"),
        ("after:tomorrow", "“tomorrow” is no date. Write 2026-11-20"),
        ("before:999999w", "“999999w” is no date."),
        ("id:xyz", "“xyz” is not the start of a job's id"),
        ('user:"marta', "A quotation mark is not closed: “marta”."),
        ("%", "“%” has no letter or digit to search for."),
        ("-sync", "A minus works before status:, kind:, user: and error: only."),
        ("-after:2h", "A minus works before"),
        ("x" * (LONGEST + 1), f"The search is longer than {LONGEST} characters."),
    ],
)
def test_what_cannot_be_used_is_told_with_the_cure(text: str, said: str) -> None:
    assert problem(text).startswith(said)


def test_every_problem_is_told_once_and_the_rest_is_understood() -> None:
    search = read("a:1 a:1 b:2 status:failed", KNOWN)
    assert len(search.problems) == 2
    assert search.where == JobWhere(statuses=("failed",))


@pytest.mark.parametrize("text", ["user:zoe", "error:zebra", "open:zebra", "person:8"])
def test_a_name_that_nobody_has_matches_nothing_and_is_told(text: str) -> None:
    search = read(text, KNOWN)
    assert search.problems == () and len(search.hints) == 1
    assert search.where != JobWhere()


PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [*TERMS, *ALSO, "a", '"', ":", "-", " ", "2h", "ago", "2026-11-20", "failed", "#1", "\0", "\ud800"]
    ),
    st.sampled_from([f"{term}:" for term in TERMS]),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_nothing_that_is_typed_breaks_it(text: str) -> None:
    search = read(text, KNOWN)
    assert isinstance(search, JobSearch)
    assert all(search.problems)
    conditions(search.where)
    assert search.where.model_validate_json(search.where.model_dump_json()) == search.where


@given(st.lists(st.sampled_from(["status:failed", "kind:etl.sync", "sync", '"not indexed"', "after:2h"]), max_size=8))
def test_nothing_is_dropped(words: list[str]) -> None:
    assert len(list(tokens(" ".join(words)))) == len(words)


def test_what_cannot_be_used_is_pointed_at() -> None:
    found = read('status:failed colour:red after:2d ago -words "open', KNOWN)
    assert "".join(text for text, _ in found.pieces) == 'status:failed colour:red after:2d -words "open'
    assert [text for text, wrong in found.pieces if wrong] == ["colour:red", "-words", '"open']
