"""Holds of a provider, by the database's clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from core.db import engine_for, sessions_for
from core.errors import LONGEST_SECONDS
from core.holds import Holds
from core.models import Hold


@pytest.fixture
def sessions(database: str) -> Iterator[sessionmaker[Session]]:
    engine = engine_for(database)
    yield sessions_for(engine)
    engine.dispose()


def test_a_hold_is_there_until_it_is_over(sessions: sessionmaker[Session]) -> None:
    holds = Holds(sessions, "cohere")
    assert holds.left() is None
    holds.keep(30, "waiting for Cohere until 12:04:10 UTC (429)")

    left = holds.left()

    assert left is not None and 25 < left[0] <= 30
    assert left[1] == "waiting for Cohere until 12:04:10 UTC (429)"
    assert Holds(sessions, "another").left() is None
    with sessions.begin() as session:
        session.execute(update(Hold).values(until=func.clock_timestamp()))
    assert holds.left() is None


def test_who_is_frozen_with_the_row_in_hand_holds_up_nobody(sessions: sessionmaker[Session]) -> None:
    holds = Holds(sessions, "cohere")
    holds.keep(30, "long")
    with sessions() as frozen:
        frozen.execute(select(Hold).with_for_update())

        with pytest.raises(OperationalError, match="lock timeout"):
            holds.keep(900, "longer")


def test_a_shorter_hold_does_not_end_a_longer_one(sessions: sessionmaker[Session]) -> None:
    holds = Holds(sessions, "cohere")
    holds.keep(300, "long")
    holds.keep(1, "short")
    left = holds.left()
    assert left is not None and left[0] > 290 and left[1] == "long"

    holds.keep(900, "longer")

    left = holds.left()
    assert left is not None and left[0] > 890 and left[1] == "longer"


def test_a_hold_is_of_a_year_at_most(sessions: sessionmaker[Session]) -> None:
    Holds(sessions, "cohere").keep(1e15, "for ever")

    left = Holds(sessions, "cohere").left()
    assert left is not None and LONGEST_SECONDS - 60 < left[0] <= LONGEST_SECONDS
