"""What a few jobs say of all."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy.orm import Session

from core.jobs.search import JobWhere
from tests.webapp.factories import make_job
from webapp.queries import job_sample
from webapp.queries.job_filter import JobFilter
from webapp.queries.job_sample import Sample, sample

SYNC = JobFilter(status="failed", where=JobWhere(words=("sync",)))


def test_each_job_looked_at_stands_for_as_many_as_lie_between(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_sample, "AT_LEAST", 3)
    monkeypatch.setattr(job_sample, "EXACT_TO", 10)
    for number in range(16):
        make_job(session, number=number, title="sync" if number < 12 else "retry", status="failed")
    found = sample(session, SYNC)
    assert found == Sample({"failed": 3}, 4)  # one of four, four times; the last of them does not match
    assert (found.of("failed"), found.of("cancelled"), found.of(None)) == (12, 0, 12)


def test_what_comes_in_turns_is_met_as_often_as_it_comes(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_sample, "AT_LEAST", 16)
    monkeypatch.setattr(job_sample, "EXACT_TO", 10)
    for number in range(128):
        make_job(session, number=number, title="sync" if number % 4 == 0 else "retry", status="failed")
    assert 8 <= sample(session, SYNC).of(None) <= 64  # 32; each eighth job would be all, or none


def test_where_there_are_few_jobs_none_is_looked_at(session: Session) -> None:
    make_job(session, number=10_000, title="sync")
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
