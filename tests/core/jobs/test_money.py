"""What a job pays for: booked with its vectors, never beyond the month's budget, and not while it stops."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core import embedding_cache
from core.errors import Cancelled, LeaseLost, TryAgain
from core.jobs import ledger
from core.jobs.backoff import Backoff, again
from core.jobs.cancel import cancel
from core.kinds import KINDS
from core.models import EmbeddingCache, JobEvent, Part, Spend
from core.settings import Settings
from tests.core.jobs.conftest import ANA, House
from tests.factories import people


def prepared(house: House, count: int = 200) -> uuid.UUID:
    with house.sessions.begin() as session:
        people(session, count)
    job_id = house.launch().job_id
    house.split(job_id)
    return job_id


def spent(house: House) -> list[tuple[int, int, int]]:
    sums = (func.sum(column) for column in (Spend.calls, Spend.inputs, Spend.tokens))
    with house.sessions() as session:
        return [
            (int(calls), int(inputs), int(tokens))
            for calls, inputs, tokens in session.execute(select(*sums).group_by(Spend.job_id))
        ]


def test_what_a_zombie_pays_for_is_booked_and_kept_though_its_part_is_another_s(house: House) -> None:
    job_id = prepared(house)
    part = house.claim(job_id)
    assert part is not None

    def lose(texts: Sequence[str]) -> None:
        with house.sessions.begin() as session:
            session.execute(update(Part).values(token=uuid.uuid4()))

    house.embedder.before = lose
    with house.running(part) as run, pytest.raises(LeaseLost):
        KINDS["etl.sync"].run(run)

    ((calls, inputs, tokens),) = spent(house)
    assert calls == len(house.embedder.calls) > 0
    assert inputs == tokens == len(house.embedder.texts)
    with house.sessions() as session:
        assert session.scalar(select(func.count()).select_from(EmbeddingCache)) == inputs


def test_a_job_s_calls_and_tokens_are_those_that_were_booked(house: House) -> None:
    job_id = prepared(house, 500)
    house.run(job_id)

    with house.sessions() as session:
        job = ledger.find(session, job_id)
    assert [(job.calls, 500, job.tokens)] == spent(house) == [(6, 500, 500)]


def test_a_call_whose_commit_goes_through_unheard_is_booked_once(house: House) -> None:
    job_id = prepared(house, 10)
    lost: list[Session] = []

    def lose(session: Session) -> None:
        """The first bill reaches the disk, and then the connection breaks."""
        if not lost and spent(house):
            lost.append(session)
            raise OperationalError("COMMIT", None, ConnectionResetError())

    event.listen(house.sessions, "after_commit", lose)
    house.run(job_id)

    assert len(lost) == len(house.embedder.calls) == 1
    assert spent(house) == [(1, 10, 10)]


def test_a_cancelled_job_stops_paying_within_the_calls_in_flight(house: House) -> None:
    job_id = prepared(house, 2000)
    part = house.claim(job_id)
    assert part is not None
    told = threading.Event()

    def wait_until_told(texts: Sequence[str]) -> None:
        """The provider answers only when the part has heard of the cancellation."""
        with house.sessions() as session:
            if ledger.find(session, job_id).status != "cancelling":
                cancel(session, house.redis, job_id, actor=ANA)
        assert told.wait(20)

    house.embedder.before = wait_until_told
    with house.running(part) as run:
        real = run.check

        def check() -> None:
            try:
                real()
            except Cancelled:
                told.set()
                raise

        watching = threading.Thread(target=_until_it_raises, args=(check,))
        watching.start()
        with pytest.raises(Cancelled):
            KINDS["etl.sync"].run(run)
        watching.join()

    assert len(house.embedder.calls) <= house.embedder.concurrency


def _until_it_raises(check: Callable[[], None]) -> None:
    pause = threading.Event()
    try:
        while not pause.wait(0.02):
            check()
    except Cancelled:
        return


def test_a_lease_is_looked_after_while_every_connection_waits_for_a_lock(house: House) -> None:
    job_id = prepared(house)
    part = house.claim(job_id)
    assert part is not None
    with house.sessions() as session:
        cancel(session, house.redis, job_id, actor=ANA)
    with ExitStack() as waiting, house.running(part) as run:
        for _ in range(house.engine.pool.size()):  # type: ignore[attr-defined]
            waiting.enter_context(house.engine.connect())
        _until_it_raises(run.check)


@pytest.fixture
def poor(house: House, settings_env: Callable[..., Settings]) -> House:
    """A house whose money for the month is spent: 12.00 USD, for 100 million tokens."""
    settings_env(PART_SIZE=96, MONTHLY_BUDGET=12)
    house.embedder.model = "embed-v4.0"
    with house.sessions.begin() as session:
        session.add(Spend(job_id=uuid.uuid4(), model="embed-v4.0", calls=1, inputs=1, tokens=100_000_000))
    return house


def test_a_part_waits_when_the_budget_of_the_month_is_spent(poor: House) -> None:
    job_id = prepared(poor)

    for _ in range(2):
        part = poor.claim(job_id)
        assert part is not None
        with poor.running(part) as run, pytest.raises(TryAgain) as caught:
            KINDS["etl.sync"].run(run)
        with poor.sessions.begin() as session:
            again(session, ledger.lock(session, job_id), run.ref, error=caught.value, backoff=Backoff())
        with poor.sessions.begin() as session:
            waiting = session.scalars(select(Part)).one()
            assert waiting.not_before is not None
            assert timedelta(seconds=50) < waiting.not_before - ledger.now(session) <= timedelta(seconds=60)
            waiting.not_before = ledger.now(session)

    assert poor.embedder.calls == []
    with poor.sessions() as session:
        job = ledger.find(session, job_id)
        part = session.scalars(select(Part)).one()
        told = list(session.scalars(select(JobEvent.message).where(JobEvent.level == "wait")))
    assert (job.status, part.status, part.tries) == ("waiting", "waiting", 0)
    assert "he budget of 12.00 USD for " in job.message and "is used up (12.00 USD): set MONTHLY_BUDGET" in job.message
    assert len(told) == 1 and told[0].startswith("The budget of 12.00 USD")


def test_a_part_goes_on_when_the_budget_is_raised(poor: House, settings_env: Callable[..., Settings]) -> None:
    job_id = prepared(poor)
    settings_env(MONTHLY_BUDGET=12.01)

    poor.run(job_id)

    with poor.sessions() as session:
        assert ledger.find(session, job_id).status == "completed"


def test_the_money_of_last_month_is_no_matter(poor: House) -> None:
    with poor.sessions.begin() as session:
        session.execute(update(Spend).values(day=func.date_trunc("month", func.now()) - timedelta(days=1)))
    job_id = prepared(poor)

    poor.run(job_id)

    with poor.sessions() as session:
        assert ledger.find(session, job_id).status == "completed"


def test_what_needs_no_call_needs_no_money(poor: House, settings_env: Callable[..., Settings]) -> None:
    job_id = prepared(poor)
    settings_env(MONTHLY_BUDGET="")
    poor.run(job_id)
    settings_env(MONTHLY_BUDGET=0.01)

    again_id = poor.launch(force=True).job_id
    poor.run(again_id)

    with poor.sessions() as session:
        assert ledger.find(session, again_id).status == "completed"


def test_vectors_that_were_paid_for_outlive_a_restart_of_the_database(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = prepared(house)
    lost = [OperationalError("INSERT", {}, Exception("the server is starting up"))]
    real = embedding_cache.keep

    def keep(*values: Any) -> None:
        if lost:
            raise lost.pop()
        real(*values)

    monkeypatch.setattr(embedding_cache, "keep", keep)
    house.run(job_id)

    texts = house.embedder.texts
    assert len(texts) == len(set(texts)) == spent(house)[0][1]


def test_a_budget_is_overrun_by_no_more_than_the_calls_in_flight(
    house: House, settings_env: Callable[..., Settings]
) -> None:
    settings_env(PART_SIZE=9600, MONTHLY_BUDGET=0.00001)  # 83 tokens; the fake bills one a text
    house.embedder.model = "embed-v4.0"
    job_id = prepared(house, 1900)
    part = house.claim(job_id)
    assert part is not None

    with house.running(part) as run, pytest.raises(TryAgain, match="is used up"):
        KINDS["etl.sync"].run(run)

    assert 1 <= len(house.embedder.calls) <= house.embedder.concurrency
    with house.sessions() as session:
        kept = session.scalar(select(func.count()).select_from(EmbeddingCache))
    assert kept == spent(house)[0][1] == len(house.embedder.texts)  # what was paid for is there for the next attempt
