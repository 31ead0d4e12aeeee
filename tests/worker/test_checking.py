"""The clock checks the search behind each job, and every hour."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import func, select, update

from core.errors import TryAgain
from core.models import SearchCheck
from core.search_check import CLOCK
from tests.core.jobs.conftest import House
from tests.factories import people
from worker.checking import EVERY, Checking


def checks(house: House) -> int:
    with house.sessions() as session:
        return session.scalar(select(func.count()).select_from(SearchCheck)) or 0


def indexed(house: House) -> None:
    with house.sessions.begin() as session:
        people(session, 5)
    house.run(house.launch().job_id)


def test_a_job_is_checked_once_it_is_over(house: House) -> None:
    clock = Checking(house)
    clock.look()
    assert checks(house) == 0
    indexed(house)
    for _ in range(2):
        clock.look()
    with house.sessions() as session:
        check = session.scalars(select(SearchCheck)).one()
    assert (check.asked, check.found, check.requested_by) == (5, 5, CLOCK) and check.job_id is not None


def test_an_hour_later_it_is_checked_again(house: House) -> None:
    indexed(house)
    clock = Checking(house)
    clock.look()
    with house.sessions.begin() as session:
        session.execute(update(SearchCheck).values(taken_at=SearchCheck.taken_at - EVERY - timedelta(seconds=1)))
    for _ in range(2):
        clock.look()
    assert checks(house) == 2


@pytest.mark.parametrize("error", [TryAgain("Qdrant does not answer"), psycopg.OperationalError("gone")])
def test_what_is_away_is_tried_again(house: House, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    indexed(house)
    clock = Checking(house)

    def away(alias: str) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(house.index, "current", away)
        clock.look()
    assert checks(house) == 0
    clock.look()
    assert checks(house) == 1


def test_it_begins_and_ends_with_the_leader(house: House) -> None:
    with Checking(house) as clock:
        assert clock._thread.is_alive()
    assert not clock._thread.is_alive()
