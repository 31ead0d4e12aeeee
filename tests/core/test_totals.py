"""Totals are written with the transaction that makes what they count, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from core import totals
from core.db import engine_for, sessions_for
from core.models import Total


@pytest.fixture
def sessions(database: str) -> Iterator[sessionmaker[Session]]:
    engine = engine_for(database)
    yield sessions_for(engine)
    engine.dispose()


def test_a_commit_adds_what_was_noted(sessions: sessionmaker[Session]) -> None:
    for amount in (1, 2.5):
        with sessions.begin() as session:
            totals.add(session, "backoff_seconds", "", "rate_limited", amount)
            totals.add(session, "backoff_seconds", "", "rate_limited", amount)
    assert known(sessions) == {("backoff_seconds", "", "rate_limited"): 7.0}


def test_one_session_adds_once_however_often_it_commits(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        totals.add(session, "jobs", "etl.sync", "completed")
        session.commit()
        session.execute(select(1))
        session.commit()
    assert known(sessions) == {("jobs", "etl.sync", "completed"): 1.0}


@pytest.mark.parametrize("end", ["rollback", "close"])
def test_what_is_rolled_back_is_not_added_by_the_next_commit(sessions: sessionmaker[Session], end: str) -> None:
    with sessions() as session:
        session.execute(select(1))
        totals.add(session, "jobs", "etl.sync", "completed")
        getattr(session, end)()
        session.execute(select(1))
        session.commit()
    assert known(sessions) == {}


def test_nothing_is_written_for_nothing(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        totals.add(session, "records", "etl.sync", "failed", 0)
    assert known(sessions) == {}


def test_a_duration_falls_into_one_bucket_and_into_the_sum(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        for seconds in (0.5, 1, 1.5, 99_999):
            totals.observe(session, "job_seconds", "etl.sync", seconds)
    assert {label: value for (_, _, label), value in known(sessions).items()} == {
        "1": 2,
        "5": 1,
        "+Inf": 1,
        "sum": 100_002,
    }


def test_many_who_add_in_any_order_never_lock_each_other_out(sessions: sessionmaker[Session]) -> None:
    problems: list[Exception] = []

    def add_all(order: list[int]) -> None:
        try:
            for _ in range(25):
                with sessions.begin() as session:
                    for label in order:
                        totals.add(session, "records", "etl.sync", str(label))
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=add_all, args=([*range(i, 6), *range(i)],)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert known(sessions) == {("records", "etl.sync", str(label)): 150.0 for label in range(6)}
    with sessions() as session:
        assert session.execute(select(func.sum(Total.value))).scalar_one() == 900


def known(sessions: sessionmaker[Session]) -> dict[tuple[str, str, str], float]:
    with sessions() as session:
        return {(row.name, row.kind, row.label): row.value for row in session.scalars(select(Total))}
