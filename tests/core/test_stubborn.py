"""What is taken for a database that is away, to be waited for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select, text

from core.db import engine_for, sessions_for
from core.stubborn import stubborn
from tests.core.stack.test_children import until


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = engine_for(database)
    yield engine
    engine.dispose()


def test_a_transaction_that_the_server_ended_for_its_silence_is_begun_again(engine: Engine) -> None:
    sessions = sessions_for(engine)
    tries: list[int] = []

    def act() -> None:
        with sessions.begin() as session:
            tries.append(session.scalars(text("SELECT pg_backend_pid()")).one())
            if len(tries) == 1:
                session.execute(text("SET LOCAL idle_in_transaction_session_timeout = '20ms'"))
                assert until(lambda: is_gone(engine, tries[0]))
            session.execute(select(1))

    stubborn(act, seconds=15)

    assert len(tries) == 2


def is_gone(engine: Engine, pid: int) -> bool:
    with engine.connect() as other:
        return not other.execute(text("SELECT 1 FROM pg_stat_activity WHERE pid = :pid"), {"pid": pid}).first()


def test_a_pool_that_is_used_up_is_waited_for(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.pool, "_timeout", 0.01)
    taken = [engine.connect() for _ in range(engine.pool.size())]  # type: ignore[attr-defined]
    tries: list[int] = []

    def act() -> None:
        tries.append(len(tries))
        if len(tries) == 2:
            taken.pop().close()
        with engine.connect() as connection:
            connection.execute(select(1))

    stubborn(act, seconds=20)

    assert len(tries) == 2
    for connection in taken:
        connection.close()
