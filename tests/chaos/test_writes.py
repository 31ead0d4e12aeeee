"""A write of who does not hold a part is noticed, and no other is."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text, update

from core.jobs import ledger, part_end
from core.jobs.reconcile import reconcile
from core.models import Part
from tests.chaos import writes
from tests.core.jobs.conftest import House
from tests.core.jobs.conftest import house as house
from tests.factories import people

FORGET = "DROP TRIGGER watch_part ON parts; DROP FUNCTION watch_part; DROP TABLE holders, intrusions"


@pytest.fixture
def url(house: House) -> Iterator[str]:
    url = house.settings.database_url
    writes.watch(url)
    yield url
    with psycopg.connect(url) as connection:
        connection.execute(FORGET)


def held(house: House) -> ledger.Ref:
    with house.sessions.begin() as session:
        people(session, 10)
    job_id = house.launch().job_id
    house.split(job_id)
    part = house.claim(job_id, holder="w-1")
    assert part is not None and part.token is not None
    return ledger.Ref(job_id, 0, part.token)


def renew(house: House, ref: ledger.Ref, process: str = "") -> None:
    with house.sessions.begin() as session:
        if process:
            session.execute(text(f"SET LOCAL application_name = '{process}'"))
        ledger.renew(session, ref, lease=15)


def test_the_holder_writes_as_it_likes(house: House, url: str) -> None:
    ref = held(house)
    renew(house, ref)
    with house.sessions.begin() as session:
        part_end.hand_back(session, ledger.lock(session, ref.job_id), ref)
    assert writes.intrusions(url) == []


def test_another_that_writes_with_its_token_is_noticed(house: House, url: str) -> None:
    ref = held(house)
    renew(house, ref, "vigia-1")
    (said,) = writes.intrusions(url)
    assert "and vigia-1 wrote it: running at 0 became running at 0" in said


def test_a_recovery_and_a_ring_are_no_intrusion(house: House, url: str) -> None:
    ref = held(house)
    assert [(grip.n, grip.token, grip.holder) for grip in writes.in_hand(url)] == [(0, ref.token, "w-1")]
    with house.sessions.begin() as session:
        session.execute(text("SET LOCAL application_name = 'vigia-1'"))
        session.execute(update(Part).values(rung_at=None))
    with house.sessions.begin() as session:
        session.execute(update(Part).values(lease_until=text("now() - interval '1 s'")))
    with house.sessions() as session:
        session.execute(text("SET application_name = 'vigia-2'"))
        reconcile(session, house.redis)
    assert writes.intrusions(url) == []
    assert writes.in_hand(url) == []


def test_a_token_is_each_holder_s_own(house: House, url: str) -> None:
    old = held(house)
    with house.sessions.begin() as session:
        part_end.hand_back(session, ledger.lock(session, old.job_id), old)
        session.execute(text("SET LOCAL application_name = 'vigia-2'"))
        part = ledger.claim(session, old.job_id, 0, holder="w-2", lease=15)
    assert part is not None and isinstance(part.token, uuid.UUID)
    renew(house, ledger.Ref(old.job_id, 0, part.token))  # as if the token were not asked for
    assert len(writes.intrusions(url)) == 1
