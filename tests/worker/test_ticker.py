"""What the clock does: the coverage follows what jobs did, however short they were."""

from __future__ import annotations

from typing import Any

from core import coverage
from core.models import Coverage
from tests.core.jobs.conftest import House
from tests.core.stack.test_children import until
from tests.factories import people
from worker.ticker import Ticker, _lead


def indexed(house: House) -> int:
    with house.sessions() as session:
        seen = coverage.snapshot(session, house.settings.collection)
    assert seen is not None
    return seen.indexed


def ticker(house: House) -> Ticker:
    tools: Any = house  # it has all of a container that a ticker asks for
    return Ticker(tools)


def test_a_job_that_begins_and_ends_between_two_ticks_is_seen_at_once(house: House) -> None:
    with house.sessions.begin() as session:
        people(session, 5)
    clock = ticker(house)
    clock.tick()
    assert indexed(house) == 0
    house.run(house.launch().job_id)
    clock.tick()
    assert indexed(house) == 5


def test_nothing_is_compared_again_while_nothing_moves(house: House) -> None:
    with house.sessions.begin() as session:
        people(session, 5)
    house.run(house.launch().job_id)
    clock = ticker(house)
    clock.tick()
    with house.sessions() as session:
        first = session.get_one(Coverage, house.settings.collection).checked_at
    clock.tick()
    with house.sessions() as session:
        assert session.get_one(Coverage, house.settings.collection).checked_at == first


def test_of_two_tickers_one_leads_until_it_is_gone(house: House) -> None:
    with house.engine.connect() as second:
        with house.engine.connect() as first:
            first.detach()  # closed, it is gone
            assert _lead(first)
            assert not _lead(second)
        assert until(lambda: _lead(second))
        second.detach()
