"""The page of costs: what was billed, by what, what was saved, and how the month's budget goes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.models import Job
from core.models.money import NOBODY
from tests.webapp import factories
from tests.webapp.conftest import Visitor, plain

MARCH = "/costs?from=2026-03-01&to=2026-03-31"
COHERE = {"EMBEDDER": "cohere", "COHERE_API_KEY": "k" * 20}


def job(session: Session, **values: Any) -> Job:
    embed = {"name": "embed", "status": "done", "total": 100, "done": 90, "skipped": 10, "failed": 0}
    usual: dict[str, Any] = {"model": "embed-v4.0", "steps": [embed], "started_at": datetime(2026, 3, 2, tzinfo=UTC)}
    return factories.make_job(session, **(usual | values))


@pytest.fixture
def billed(session: Session) -> Job:
    """A sync of ana that paid for 60 of 90 texts, one of bea, and a search."""
    first, second = (
        job(session, title="The dear one"),
        job(session, title="The cheap one", requested_by="bea", steps=[]),
    )
    factories.make_spend(session, first.id, day=date(2026, 3, 2), inputs=40, tokens=4_000_000)
    factories.make_spend(session, first.id, day=date(2026, 3, 3), stripe=1, inputs=20, tokens=2_000_000)
    factories.make_spend(session, second.id, day=date(2026, 3, 3), inputs=10, tokens=1_000_000)
    factories.make_spend(session, NOBODY, day=date(2026, 3, 31), inputs=1, tokens=100_000)
    factories.make_spend(session, second.id, day=date(2026, 4, 1), inputs=1, tokens=9_000_000)
    session.commit()
    return first


def test_it_sums_what_was_billed_in_the_days_that_are_asked_for(viewer: Visitor, billed: Job) -> None:
    shown = plain(viewer.get(MARCH))

    assert "Billed $0.85" in shown  # 7,100,000 tokens at $0.12 a million
    assert "Tokens 7,100,000" in shown
    assert "most on 2 Mar 2026: $0.48" in shown


@pytest.mark.parametrize(
    ("by", "row"),
    [
        ("kind", "etl.sync $0.84 7,000,000"),
        ("person", "ana $0.72 6,000,000"),
        ("model", "embed-v4.0 $0.85 7,100,000"),
        ("kind", "Searches $0.01 100,000"),
        ("person", "Searches $0.01 100,000"),
        ("job", "Searches $0.01 100,000"),
    ],
)
def test_it_lists_what_each_has_cost(viewer: Visitor, billed: Job, by: str, row: str) -> None:
    assert row in plain(viewer.get(f"{MARCH}&by={by}"))


def test_the_dearest_job_comes_first_and_leads_to_its_page(viewer: Visitor, billed: Job) -> None:
    page = viewer.get(f"{MARCH}&by=job").text

    assert f'href="/jobs/{billed.id}">The dear one' in page
    assert page.index("The dear one") < page.index("The cheap one")


def test_what_was_saved_is_called_an_estimate(viewer: Visitor, billed: Job) -> None:
    shown = plain(viewer.get(MARCH))

    # 10 unchanged and 90 - 60 with a vector that was kept, each at 100,000 tokens
    assert "Saved, estimated $0.48 40 texts not embedded again" in shown
    assert "10 texts were unchanged and 30 had a vector that was kept" in shown
    assert "about 4,000,000 tokens" in shown


def test_a_model_of_our_own_costs_nothing_and_shows_its_texts(viewer: Visitor, session: Session) -> None:
    sync = job(session, model="use-m3")
    factories.make_spend(session, sync.id, model="use-m3", day=date(2026, 3, 2), inputs=500, tokens=0)
    session.commit()

    shown = plain(viewer.get(MARCH))

    assert "Billed nothing a model of our own costs nothing" in shown
    assert "Texts embedded 500" in shown


def test_a_model_without_a_price_is_named(viewer: Visitor, session: Session) -> None:
    factories.make_spend(session, NOBODY, model="embed-v9", day=date(2026, 3, 2))
    session.commit()

    assert "No price is known of embed-v9" in plain(viewer.get(MARCH))


def test_days_without_any_cost_say_so(operator: Visitor) -> None:
    assert "Nothing was embedded in these days" in plain(operator.get(MARCH))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=soon", "is not a day like"),
        ("from=2026-03-02&to=2026-03-01", "The first day is after the last."),
        ("from=2020-01-01&to=2026-01-01", "At most 366 days at once."),
        ("by=hour", "Choose one of day, kind, person, model, job."),
    ],
)
def test_what_cannot_be_used_is_said(viewer: Visitor, query: str, said: str) -> None:
    page = viewer.get(f"/costs?{query}")

    assert page.status_code == 422
    assert said in plain(page)


@pytest.mark.parametrize("app", [COHERE | {"MONTHLY_BUDGET": 120}], indirect=True)
def test_the_month_s_budget_says_what_is_left(viewer: Visitor, session: Session) -> None:
    factories.make_spend(session, NOBODY, tokens=500_000_000)
    session.commit()

    shown = plain(viewer.get("/costs"))

    assert "Budget of the month $60.00 of $120.00" in shown
    assert "Left $60.00" in shown
    assert "At this pace" in shown


@pytest.mark.parametrize("app", [COHERE | {"MONTHLY_BUDGET": 1}], indirect=True)
def test_a_budget_that_is_used_up_says_what_happens(viewer: Visitor, session: Session) -> None:
    factories.make_spend(session, NOBODY, tokens=500_000_000)
    session.commit()

    assert "The budget is used up: jobs wait" in plain(viewer.get("/costs"))


def test_the_file_holds_what_the_page_lists(viewer: Visitor, billed: Job) -> None:
    found = json.loads(viewer.get("/costs.json?from=2026-03-01&to=2026-03-31&by=person").text)
    lines = viewer.get("/costs.csv?from=2026-03-01&to=2026-03-31&by=job").text.splitlines()

    assert found[0] == {
        "person": "ana", "calls": 2, "texts": 60, "tokens": 6_000_000, "amount": 0.72, "currency": "USD"
    }  # fmt: skip
    assert lines[0] == "job,title,calls,texts,tokens,amount,currency"
    assert len(lines) == 4


def test_a_cost_stays_when_its_job_is_no_longer_kept(viewer: Visitor, session: Session) -> None:
    job = factories.make_job(session, title="Forgotten")
    factories.make_spend(session, job.id, day=date(2026, 3, 2), tokens=4_000_000)
    factories.make_spend(session, NOBODY, day=date(2026, 3, 2), tokens=1_000_000)
    session.delete(job)
    session.commit()

    page = viewer.get("/costs?from=2026-03-01&to=2026-03-31&by=job")
    table = plain(page)

    assert "A job that is no longer kept" in table and "Searches" in table
    assert f"/jobs/{job.id}" not in page.text
