"""Costs for scripts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.models.money import NOBODY
from tests.webapp import factories
from tests.webapp.api.conftest import Script


def test_costs_are_summed_and_listed_by_what_is_asked(reader: Script, session: Session) -> None:
    job = factories.make_job(session, title="The dear one")
    factories.make_spend(session, job.id, day=date(2026, 3, 2), inputs=40, tokens=4_000_000)
    factories.make_spend(session, NOBODY, day=date(2026, 3, 3), inputs=1, tokens=100_000)
    session.commit()

    answer: Any = reader.get("/costs?from=2026-03-01&to=2026-03-31&by=job").json

    assert (answer["sum"]["amount"], answer["sum"]["tokens"], answer["currency"]) == (0.492, 4_100_000, "USD")
    assert [(item["key"], item["title"], item["amount"]) for item in answer["items"]] == [
        (str(job.id), "The dear one", 0.48),
        (None, None, 0.012),
    ]
    assert (answer["next"], answer["total"], answer["total_exact"]) == (None, 2, True)
    assert set(answer["month"]) == {"first", "spent", "budget", "left", "foretold", "reached"}
    assert answer["unpriced"] == []


def test_the_last_day_that_a_calendar_knows_is_a_day(reader: Script) -> None:
    assert reader.get("/costs?to=9999-12-31").status_code == 200


@pytest.mark.parametrize(
    "query", ["from=soon", "by=hour", "from=2026-03-02&to=2026-03-01", "from=2020-01-01&to=2026-01-01"]
)
def test_what_cannot_be_used_is_named(reader: Script, query: str) -> None:
    answer: Any = reader.get(f"/costs?{query}")

    assert answer.status_code == 422
    assert {error["field"] for error in answer.json["errors"]} <= {"from", "to", "by"}
