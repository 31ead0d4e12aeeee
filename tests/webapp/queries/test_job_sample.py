"""What a few jobs say of all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.jobs.search import JobWhere
from tests.webapp.factories import make_job
from webapp.queries import job_sample
from webapp.queries.job_filter import JobFilter
from webapp.queries.job_sample import Sample, sample

SYNC = JobFilter(status="failed", where=JobWhere(words=("sync",)))


def make_jobs(session: Session, some: int, **of_each: Any) -> None:
    """Make jobs whose ids are as far from each other as they can be, and let PostgreSQL know how many there are."""
    for n in range(some):
        values = {name: value(n) for name, value in of_each.items()}
        make_job(session, id=UUID(int=n * 2**128 // some), status="failed", **values)
    session.execute(text("ANALYZE jobs"))


def test_each_job_looked_at_stands_for_as_many_as_are_left_out(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_sample, "AT_LEAST", 3)
    monkeypatch.setattr(job_sample, "EXACT_TO", 10)
    make_jobs(session, 16, title=lambda n: "sync" if n != 3 else "retry")
    found = sample(session, SYNC)
    assert found == Sample({"failed": 3}, 4)  # one of four, four times; the last of them does not match
    assert (found.of("failed"), found.of("cancelled"), found.of(None)) == (12, 0, 12)


def test_jobs_that_are_forgotten_take_nobody_from_the_sample(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_sample, "AT_LEAST", 8)
    monkeypatch.setattr(job_sample, "EXACT_TO", 10)
    make_jobs(session, 16, number=lambda n: 1_000_000 + n, title=lambda n: "sync")
    assert sample(session, SYNC) == Sample({"failed": 8}, 2)


def test_where_there_are_few_jobs_none_is_looked_at(session: Session) -> None:
    make_jobs(session, 10, title=lambda n: "sync")
    assert sample(session, SYNC) == Sample({}, 1)


@pytest.mark.parametrize(
    ("statuses", "status", "many"),
    [
        ({"failed": 40}, None, False),  # 10,240 of 200,000: it may as well be 9,000
        ({"failed": 30, "completed": 30}, None, False),
        ({"failed": 68}, None, True),
        ({"failed": 34, "completed": 34}, None, True),
        ({"failed": 34, "completed": 34}, "failed", False),
    ],
)
def test_many_match_only_when_chance_cannot_explain_it(
    statuses: Mapping[str, int], status: str | None, many: bool
) -> None:
    assert Sample(statuses, 256).many(status) is many
