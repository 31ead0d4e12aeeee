"""A census mends what crashes leave: states without points, and points without states."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import pytest
from sqlalchemy import delete, func, select, update

from core import index_state
from core.jobs.split import alone
from core.models import Candidate, IndexState, Job
from core.pipeline import census
from core.pipeline.plan import point_id
from tests.core.jobs.conftest import House
from tests.core.jobs.test_indexing_jobs import add, edit, points, sync
from tests.fakes import vector_of


def taken(house: House) -> census.Found | None:
    assert house.index.collection is not None
    return census.take_if_in_doubt(house.index, house.sessions, house.index.collection.name, hold_still=alone)


def doubted(house: House) -> None:
    with house.sessions.begin() as session:
        index_state.doubt(session)


def states(house: House) -> set[int]:
    with house.sessions() as session:
        return set(session.scalars(select(IndexState.record_id)))


def put(house: House, record_id: int, version: int = 1, id: uuid.UUID | None = None) -> None:
    """Leave a point as a holder does that dies before it tells."""
    payload = {"record_id": record_id, "version": version, "content_hash": ""}
    points(house)[id or point_id(record_id)] = (vector_of("x"), payload)


def test_where_all_agree_nobody_looks_further(house: House) -> None:
    add(house, 10)
    sync(house)
    assert taken(house) is None


def test_lost_points_are_indexed_again_from_the_kept_vectors(house: House) -> None:
    ids = add(house, 10)
    sync(house)
    del points(house)[point_id(ids[3])]
    assert taken(house) == census.Found(points=9, forgotten=1, removed=0)
    house.embedder.calls.clear()
    job = sync(house)
    assert (job.total, job.done) == (1, 1)
    assert set(points(house)) == {point_id(n) for n in ids}
    assert house.embedder.calls == []


def test_an_empty_index_is_believed_over_the_tables(house: House) -> None:
    ids = add(house, 10)
    sync(house)
    points(house).clear()
    assert taken(house) == census.Found(points=0, forgotten=10, removed=0)
    assert sync(house).done == len(ids)


def test_points_that_nobody_knows_of_go(house: House) -> None:
    ids = add(house, 5)
    sync(house)
    put(house, 987654)
    put(house, ids[0], id=uuid.UUID(int=5))
    assert taken(house) == census.Found(points=7, forgotten=0, removed=2)
    assert set(points(house)) == {point_id(n) for n in ids}


def forget_all(house: House) -> None:
    """Leave tables that know of no point, as those of a new or restored database."""
    with house.sessions.begin() as session:
        session.execute(delete(IndexState))


def test_tables_that_know_of_no_point_empty_no_index(house: House) -> None:
    ids = add(house, 30)
    sync(house)
    forget_all(house)
    put(house, 987654)
    launched = house.launch("etl.embed", candidate_ids=ids[:1])
    assert taken(house) == census.Found(points=31, forgotten=0, removed=1)
    house.run(launched.job_id)
    assert taken(house) == census.Found(points=30, forgotten=0, removed=0)
    assert set(points(house)) == {point_id(n) for n in ids}
    assert (sync(house).done, taken(house)) == (29, None)


def test_a_point_newer_than_its_row_goes_for_the_index_would_refuse_the_row(house: House) -> None:
    ids = add(house, 3)
    sync(house)
    forget_all(house)
    _, payload = points(house)[point_id(ids[0])]
    points(house)[point_id(ids[0])] = (vector_of("newer"), payload | {"version": payload["version"] + 1})
    assert taken(house) == census.Found(points=3, forgotten=0, removed=0)  # they may all be newer
    sync(house)
    assert taken(house) == census.Found(points=3, forgotten=1, removed=1)
    assert sync(house).done == 1
    assert points(house)[point_id(ids[0])][1]["version"] == payload["version"]


def test_an_unknown_point_of_somebody_set_aside_goes(house: House) -> None:
    add(house, 3)
    (bad,) = add(house, 1, summary="REFUSE this")
    assert sync(house).failed == 1
    put(house, bad)
    assert taken(house) == census.Found(points=4, forgotten=0, removed=1)


def test_points_of_another_kind_of_record_are_not_ours(house: House) -> None:
    ids = add(house, 2)
    sync(house)
    foreign = uuid.UUID(int=7)
    points(house)[foreign] = (vector_of("x"), {"record_kind": "document", "record_id": 1, "version": 1})
    assert taken(house) is None
    doubted(house)
    assert taken(house) == census.Found(points=2, forgotten=0, removed=0)
    assert set(points(house)) == {foreign, *map(point_id, ids)}


def test_points_in_flight_raise_no_doubt(house: House) -> None:
    add(house, 3)
    sync(house)
    add(house, 3)
    job_id = house.launch().job_id
    house.split(job_id)
    with house.sessions.begin() as session:
        session.execute(update(Job).where(Job.id == job_id).values(model="fake"))
    put(house, 987654)
    assert house.claim(job_id) is not None
    assert taken(house) is None
    doubted(house)
    assert taken(house) == census.Found(points=4, forgotten=0, removed=1)


def test_points_in_the_hands_of_an_open_part_stay(house: House) -> None:
    add(house, 3)
    sync(house)
    (late,) = add(house, 1)
    house.split(house.launch().job_id)
    put(house, late)
    assert taken(house) == census.Found(points=4, forgotten=0, removed=0)
    assert point_id(late) in points(house)


def test_a_doubt_is_looked_into_once(house: House) -> None:
    add(house, 3)
    sync(house)
    assert taken(house) is None
    doubted(house)
    assert taken(house) == census.Found(points=3, forgotten=0, removed=0)
    assert taken(house) is None


def test_a_point_of_another_version_than_the_tables_say_is_written_again(house: House) -> None:
    """A holder wrote a newer text and died; the text was edited back, and only then read again."""
    ids = add(house, 3)
    sync(house)
    with house.sessions() as session:
        was = session.scalars(select(Candidate.summary).where(Candidate.id == ids[0])).one()
    vector, payload = points(house)[point_id(ids[0])]
    points(house)[point_id(ids[0])] = (
        vector_of("a text of a moment"),
        payload | {"version": payload["version"] + 1, "content_hash": "of a moment"},
    )
    edit(house, ids[0], summary="another")
    edit(house, ids[0], summary=was)
    assert taken(house) is None
    doubted(house)
    assert taken(house) == census.Found(points=3, forgotten=1, removed=0)
    sync(house)
    mended, kept = points(house)[point_id(ids[0])]
    assert kept["content_hash"] == payload["content_hash"]
    assert mended.tolist() == vector.tolist()


def test_a_state_younger_than_the_scan_stays(house: House) -> None:
    ids = add(house, 3)
    sync(house)
    del points(house)[point_id(ids[1])]
    with house.sessions.begin() as session:
        future = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 1)
        session.execute(update(IndexState).values(indexed_at=future))
    assert taken(house) == census.Found(points=2, forgotten=0, removed=0)
    assert states(house) == set(ids)


def test_a_point_left_by_a_dead_holder_goes_with_the_part_that_finds_its_person_gone(house: House) -> None:
    ids = add(house, 3)
    launched = house.launch()
    house.split(launched.job_id)
    edit(house, ids[0], opted_out=True)
    house.index.points[house.index.collection.name] = {}  # type: ignore[union-attr]
    put(house, ids[0])
    house.run(launched.job_id)
    with house.sessions() as session:
        (skipped,) = session.execute(select(func.count()).select_from(IndexState)).one()
    assert (set(points(house)), skipped) == ({point_id(n) for n in ids[1:]}, 2)


def test_many_points_are_deleted_in_calls_with_signs_of_life_between(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(census, "DELETIONS", 2)
    add(house, 3)
    sync(house)
    for stray in range(5):
        put(house, 1_000_000 + stray)
    doubted(house)
    sizes: list[int] = []
    delete = house.index.delete

    def counted(collection: str, ids: Sequence[uuid.UUID]) -> None:
        sizes.append(len(ids))
        delete(collection, ids)

    monkeypatch.setattr(house.index, "delete", counted)
    assert taken(house) == census.Found(points=8, forgotten=0, removed=5)
    assert sizes == [2, 2, 1]
