"""The check of the search: whom it asks for, what it costs, and what it says of a job."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, func, select

from core import search_check
from core.access import Actor
from core.errors import Refused, TryAgain, Unavailable
from core.models import AuditEvent, Candidate, EmbeddingCache, SearchCheck
from core.pipeline.plan import point_id
from core.search_check import PEOPLE, K, check_now, due, last, of_job, take
from tests.core.jobs.conftest import House, house
from tests.factories import people

__all__ = ["house"]


def index(house: House, count: int, **values: Any) -> uuid.UUID:
    """Bring so many new people into the index by a job that is over."""
    with house.sessions.begin() as session:
        people(session, count, **values)
    job_id = house.launch().job_id
    house.run(job_id)
    return job_id


def lose(house: House, person: int) -> None:
    assert house.index.collection is not None
    house.index.delete(house.index.collection.name, [point_id(person)])


def taken(house: House, job_id: uuid.UUID | None = None) -> SearchCheck:
    check = take(house, requested_by="ana", job_id=job_id)
    assert check is not None
    return check


def test_people_are_asked_for_by_the_vectors_that_were_paid_for(house: House) -> None:
    index(house, 30)
    calls = len(house.embedder.calls)

    check = taken(house)

    assert (check.asked, check.found, check.k) == (PEOPLE, PEOPLE, K)
    assert len(house.embedder.calls) == calls
    assert check.p50_ms is not None and check.p95_ms is not None and 0 < check.p50_ms <= check.p95_ms
    assert {person["rank"] for person in check.people} == {1}


def test_who_was_lost_by_the_index_is_missed_by_name(house: House) -> None:
    index(house, 30)
    lost = taken(house).people[3]["id"]
    lose(house, lost)

    check = taken(house)

    assert check.found == check.asked - 1
    assert [person["id"] for person in check.people if person["rank"] is None] == [lost]


def test_a_job_is_checked_by_its_own_people_and_by_those_asked_for_before(house: House) -> None:
    index(house, 30)
    before = taken(house)
    job_id = index(house, 40)

    after = taken(house, job_id)

    asked = {person["id"] for person in after.people}
    assert len(asked & {person["id"] for person in before.people}) == PEOPLE // 2
    with house.sessions() as session:
        seen = of_job(session, job_id)
    assert [check.id for check in seen if check] == [before.id, after.id]


def test_the_same_people_are_chosen_again(house: House) -> None:
    job_id = index(house, 50)
    first = taken(house, job_id)
    with house.sessions.begin() as session:
        session.execute(delete(SearchCheck))
    assert [person["id"] for person in taken(house, job_id).people] == [person["id"] for person in first.people]


def test_a_job_is_checked_once_however_often_it_is_tried(house: House) -> None:
    job_id = index(house, 5)
    with house.sessions() as session:
        assert due(session) == job_id

    first, second = take(house, requested_by="clock", job_id=job_id), take(house, requested_by="clock", job_id=job_id)

    assert first is not None and second is None
    with house.sessions() as session:
        assert session.scalar(select(func.count()).select_from(SearchCheck)) == 1
        assert due(session) is None


def test_a_job_that_indexed_nobody_is_not_checked(house: House) -> None:
    house.run(house.launch().job_id)
    with house.sessions() as session:
        assert due(session) is None


def test_who_has_left_or_has_no_vector_any_more_is_not_asked_for(house: House) -> None:
    index(house, 4)
    with house.sessions.begin() as session:
        gone = session.get_one(Candidate, taken(house).people[0]["id"])
        gone.opted_out = True
    assert taken(house).asked == 3
    with house.sessions.begin() as session:
        session.execute(delete(EmbeddingCache))
    assert (taken(house).asked, taken(house).p95_ms) == (0, None)
    with house.sessions() as session:
        assert (check := last(session)) is not None and check.asked == 3


def test_people_of_the_very_same_text_are_not_missed(house: House) -> None:
    index(house, K + 5, headline="Nurse", summary="The same for all.")
    assert taken(house).found == K + 5


def test_people_who_stand_behind_strangers_are_missed(house: House) -> None:
    index(house, 3)
    person = taken(house).people[0]["id"]
    assert house.index.collection is not None
    place = house.index.points[house.index.collection.name]
    vector, payload = place[point_id(person)]
    for n in range(K):
        place[uuid.UUID(int=n)] = (vector * np.array([9, *[1] * (len(vector) - 1)], np.float32), payload)
    place[point_id(person)] = (-vector, payload)
    assert [known["rank"] for known in taken(house).people if known["id"] == person] == [None]


def test_without_a_collection_there_is_nothing_to_check(house: House) -> None:
    assert take(house, requested_by="clock") is None
    with pytest.raises(Refused, match="launch a sync"):
        check_now(Actor("ana"), house)


def test_an_index_that_is_away_leaves_no_row(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = index(house, 3)

    def away(*_: object) -> None:
        raise TryAgain("Qdrant does not answer", code="qdrant_unreachable", ours=True)

    monkeypatch.setattr(house.index, "nearest", away)
    with pytest.raises(TryAgain):
        take(house, requested_by="clock", job_id=job_id)
    with pytest.raises(Unavailable, match="Qdrant does not answer"):
        check_now(Actor("ana"), house)
    with house.sessions() as session:
        assert last(session) is None and due(session) == job_id


def test_who_asks_for_a_check_is_audited(house: House) -> None:
    index(house, 3)
    check_now(Actor("ana"), house)
    with house.sessions() as session:
        act = session.scalars(select(AuditEvent).where(AuditEvent.action == "search.check")).one()
    assert (act.actor, act.after) == ("ana", {"asked": 3, "found": 3})


def test_a_quantile_is_one_of_the_times() -> None:
    assert search_check._quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert search_check._quantile([3.0, 1.0, 2.0], 0.95) == 3.0
