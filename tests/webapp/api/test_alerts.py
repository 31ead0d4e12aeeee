"""Alerts by the API: those that stand, and those that are over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from core.models import Alert
from tests.webapp.api.conftest import Script

NOW = datetime.now(UTC)


@pytest.fixture
def three(session: Session) -> None:
    """One that stands, and two that are over, oldest last."""
    session.add_all(
        Alert(
            rule=rule,
            subject=subject,
            sentence=f"{subject} is wrong.",
            cure="Mend it.",
            fired_at=NOW - timedelta(minutes=n),
            cleared_at=NOW if n else None,
        )
        for n, (rule, subject) in enumerate(
            [("queue_deep", "jobs:etl"), ("worker_lost", "w-1"), ("worker_lost", "w-2")]
        )
    )
    session.commit()


def test_an_alert_says_what_is_wrong_and_what_helps(reader: Script, three: None) -> None:
    [alert] = reader.get("/alerts?open=true").json["items"]  # type: ignore[index]

    assert alert.pop("id") > 0
    assert datetime.fromisoformat(alert.pop("fired_at")) == NOW
    assert alert == {
        "rule": "queue_deep",
        "subject": "jobs:etl",
        "sentence": "jobs:etl is wrong.",
        "cure": "Mend it.",
        "cleared_at": None,
    }


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("", ["jobs:etl", "w-1", "w-2"]),
        ("?open=false", ["w-1", "w-2"]),
        ("?rule=worker_lost", ["w-1", "w-2"]),
        ("?subject=w-2", ["w-2"]),
        ("?rule=no_such_rule", []),
    ],
)
def test_filters_narrow_the_list(reader: Script, three: None, query: str, subjects: list[str]) -> None:
    answer = reader.get(f"/alerts{query}").json
    assert answer is not None

    assert [alert["subject"] for alert in answer["items"]] == subjects
    assert answer["total"] == len(subjects)


def test_the_list_comes_in_pages(reader: Script, three: None) -> None:
    first = reader.get("/alerts?limit=2").json
    assert first is not None
    second = reader.get(f"/alerts?limit=2&cursor={first['next']}").json
    assert second is not None

    assert [alert["subject"] for alert in (*first["items"], *second["items"])] == ["jobs:etl", "w-1", "w-2"]
    assert second["next"] is None


@pytest.mark.parametrize("query", ["?open=perhaps", "?cursor=x", "?state=open"])
def test_a_query_that_cannot_be_used_is_refused(reader: Script, query: str) -> None:
    assert reader.get(f"/alerts{query}").status_code == 422
