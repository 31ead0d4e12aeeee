"""What was billed is booked, whoever made the call."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker

from core import spend, totals
from core.db import engine_for, sessions_for
from core.models import PaidCall, Spend
from core.models.money import NOBODY
from tests.webapp import factories


@pytest.fixture
def sessions(database: str) -> Iterator[sessionmaker[Session]]:
    engine = engine_for(database)
    yield sessions_for(engine)
    engine.dispose()


def test_calls_made_at_once_are_all_booked(sessions: sessionmaker[Session]) -> None:
    job_id = uuid.uuid4()

    def pay(_: int) -> None:
        with sessions.begin() as session:
            spend.book(session, uuid.uuid4(), job_id, "embed-v4.0", inputs=95, tokens=20_000)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(pay, range(40)))

    with sessions() as session:
        assert spend.of_job(session, job_id) == (40, 800_000)
        assert sum(session.scalars(select(Spend.inputs))) == 3800
        assert spend.of_job(session, uuid.uuid4()) == (0, 0)


def test_a_call_is_booked_once_however_often_it_is_said(sessions: sessionmaker[Session]) -> None:
    job_id, call = uuid.uuid4(), uuid.uuid4()
    for one in (call, call, uuid.uuid4()):
        with sessions.begin() as session:
            spend.book(session, one, job_id, "embed-v4.0", inputs=95, tokens=20_000)

    with sessions() as session:
        assert spend.of_job(session, job_id) == (2, 40_000)
        assert totals.read(session)["embed_calls", "", "embed-v4.0"] == 2


def test_a_cost_knows_for_which_kind_and_person_it_was_paid(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        job_id = factories.make_job(session, kind="etl.embed", requested_by="Begoña").id
        spend.book(session, uuid.uuid4(), job_id, "embed-v4.0", inputs=95, tokens=20_000)
        spend.book(session, uuid.uuid4(), NOBODY, "embed-v4.0", inputs=1, tokens=20)

    with sessions() as session:
        booked = session.execute(select(Spend.kind, Spend.person, Spend.tokens).order_by(Spend.tokens))
        assert [tuple(row) for row in booked] == [("", "", 20), ("etl.embed", "Begoña", 20_000)]


def test_a_process_frozen_before_its_commit_keeps_nobody_from_booking(sessions: sessionmaker[Session]) -> None:
    job_id = uuid.uuid4()
    with sessions.begin() as frozen:
        spend.book(frozen, uuid.uuid4(), job_id, "embed-v4.0", inputs=1, tokens=1)
        with sessions.begin() as session:
            session.execute(text("SET LOCAL lock_timeout = '1s'"))
            spend.book(session, uuid.uuid4(), job_id, "embed-v4.0", inputs=2, tokens=2)

    with sessions() as session:
        assert spend.of_job(session, job_id) == (2, 3)


def test_calls_are_remembered_for_a_day(sessions: sessionmaker[Session]) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=1, minutes=1)
    with sessions.begin() as session:
        session.add_all(PaidCall(id=uuid.uuid4(), at=long_ago) for _ in range(3))
    for left in (2, 2):  # of what is old two go with each call that comes
        with sessions.begin() as session:
            spend.book(session, uuid.uuid4(), uuid.uuid4(), "embed-v4.0", inputs=1, tokens=1)
        with sessions() as session:
            assert session.scalar(select(func.count()).select_from(PaidCall)) == left


def test_the_tokens_of_a_month_are_those_of_all_jobs_by_model(sessions: sessionmaker[Session]) -> None:
    today = datetime.now(UTC).date()
    with sessions.begin() as session:
        for model, day, tokens in (
            ("embed-v4.0", today, 5),
            ("embed-v4.0", today, 7),
            ("embed-v5.0-fast", today, 9),
            ("embed-v4.0", today - timedelta(days=1), 1000),
        ):
            session.add(Spend(job_id=uuid.uuid4(), model=model, day=day, tokens=tokens))

    with sessions() as session:
        assert spend.tokens_since(session, today) == {"embed-v4.0": 12, "embed-v5.0-fast": 9}
        assert spend.tokens_since(session, date(2000, 1, 1))["embed-v4.0"] == 1012
