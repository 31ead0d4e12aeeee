"""Totals are written with the transaction that makes what they count, or not at all."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from core import totals
from core.db import engine_for, sessions_for


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


def test_nobody_waits_for_those_who_are_frozen_before_their_commit(sessions: sessionmaker[Session]) -> None:
    with contextlib.ExitStack() as frozen:
        for _ in range(3):
            session = frozen.enter_context(sessions())
            totals.add(session, "jobs", "etl.sync", "failed")
            totals._write(session)
        with sessions.begin() as session:
            session.execute(text("SET LOCAL lock_timeout = '1s'"))
            totals.add(session, "jobs", "etl.sync", "failed")
        assert known(sessions) == {("jobs", "etl.sync", "failed"): 1.0}


def test_more_than_there_are_stripes_for_share_the_last(sessions: sessionmaker[Session]) -> None:
    with sessions() as crowd:
        crowd.execute(text(f"SELECT pg_advisory_xact_lock({totals.STRIPES}, n) FROM generate_series(0, 31) n"))
        for _ in range(2):
            with sessions.begin() as session:
                totals.add(session, "jobs", "etl.sync", "failed")
    assert known(sessions) == {("jobs", "etl.sync", "failed"): 2.0}


def known(sessions: sessionmaker[Session]) -> dict[tuple[str, str, str], float]:
    with sessions() as session:
        return totals.read(session)
