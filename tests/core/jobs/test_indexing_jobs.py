"""Syncs and chosen embeddings from launch to the last commit, with fakes where money would flow."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text, update

from core.errors import LeaseLost
from core.jobs import ledger
from core.models import Candidate, EmbeddingCache, Failure, IndexState, Job, JobEvent
from core.pipeline.indexing import index_candidates
from core.pipeline.plan import point_id
from tests.core.jobs.conftest import House
from tests.factories import people


def job_of(house: House, job_id: uuid.UUID) -> Job:
    with house.sessions() as session:
        return ledger.find(session, job_id)


def add(house: House, count: int, **values: Any) -> list[int]:
    with house.sessions.begin() as session:
        return list(people(session, count, **values))


def edit(house: House, record_id: int, **values: Any) -> None:
    with house.sessions.begin() as session:
        session.execute(update(Candidate).where(Candidate.id == record_id).values(**values))


def points(house: House) -> dict[uuid.UUID, Any]:
    assert house.index.collection is not None
    return house.index.points.get(house.index.collection.name, {})


def sync(house: House, **payload: Any) -> Job:
    launched = house.launch("etl.sync", **payload)
    house.run(launched.job_id)
    return job_of(house, launched.job_id)


def test_a_sync_indexes_everybody_in_the_fewest_calls(house: House) -> None:
    ids = add(house, 500)
    job = sync(house)
    assert (job.status, job.total, job.done, job.skipped, job.failed) == ("completed", 500, 500, 0, 0)
    assert set(points(house)) == {point_id(n) for n in ids}
    assert sorted(map(len, house.embedder.calls), reverse=True) == [96, 96, 96, 96, 96, 20]
    assert job.calls == 6
    assert job.tokens == 500


def test_a_second_sync_with_nothing_changed_calls_nobody(house: House) -> None:
    add(house, 100)
    sync(house)
    house.embedder.calls.clear()
    job = sync(house)
    assert (job.status, job.total, job.message) == ("completed", 0, "Nothing to do.")
    assert house.embedder.calls == []


def test_an_edited_text_costs_one_text_and_an_edited_place_costs_none(house: House) -> None:
    ids = add(house, 50)
    sync(house)
    house.embedder.calls.clear()
    edit(house, ids[3], summary="Now leads a team of nurses.")
    edit(house, ids[7], location="Sevilla")
    job = sync(house)
    assert job.done == 2
    assert [len(call) for call in house.embedder.calls] == [1]
    assert points(house)[point_id(ids[7])][1]["location"] == "Sevilla"
    assert {step["name"]: step["skipped"] for step in job.steps} == {"extract": 0, "embed": 1, "index": 0}


def test_who_opts_out_or_is_removed_leaves_the_index(house: House) -> None:
    ids = add(house, 10)
    sync(house)
    edit(house, ids[0], opted_out=True)
    edit(house, ids[1], deleted_at=func.now())
    with house.sessions.begin() as session:
        session.execute(delete(Candidate).where(Candidate.id == ids[2]))
    job = sync(house)
    assert (job.status, job.total, job.done) == ("completed", 3, 3)
    assert set(points(house)) == {point_id(n) for n in ids[3:]}
    with house.sessions() as session:
        assert session.scalar(select(func.count()).select_from(IndexState)) == 7


def test_equal_texts_are_paid_for_once(house: House) -> None:
    add(house, 300, headline="The same headline", summary="The same summary")
    job = sync(house)
    assert job.done == 300
    assert len(house.embedder.texts) == 1
    assert len(points(house)) == 300


def test_one_refused_text_is_set_aside_and_the_others_are_billed_once(house: House) -> None:
    ids = add(house, 500)
    edit(house, ids[123], summary="REFUSE this")
    job = sync(house)
    assert (job.status, job.done, job.failed) == ("completed_with_errors", 499, 1)
    assert job.tokens == 499
    with house.sessions() as session:
        failure = session.scalars(select(Failure)).one()
    assert (failure.record_id, failure.cause, failure.status, failure.step) == (
        ids[123],
        "text_refused",
        "open",
        "embed",
    )
    assert failure.trace_id == "trace-1"


def test_a_failure_is_not_tried_again_by_itself_until_the_person_is_edited(house: House) -> None:
    ids = add(house, 20)
    edit(house, ids[5], summary="REFUSE this")
    sync(house)
    house.embedder.calls.clear()
    assert sync(house).total == 0
    edit(house, ids[5], summary="Mended.")
    assert sync(house).done == 1
    with house.sessions() as session:
        failure = session.scalars(select(Failure)).one()
    assert failure.status == "resolved"


def test_force_writes_every_point_again_and_pays_for_none(house: House) -> None:
    add(house, 100)
    sync(house)
    house.embedder.calls.clear()
    points(house).clear()
    job = sync(house, force=True)
    assert job.done == 100
    assert house.embedder.calls == []
    assert len(points(house)) == 100


def test_force_pays_only_for_vectors_that_were_not_kept(house: House) -> None:
    add(house, 10)
    sync(house)
    with house.sessions.begin() as session:
        some = session.scalars(select(EmbeddingCache.text_hash).limit(4)).all()
        session.execute(delete(EmbeddingCache).where(EmbeddingCache.text_hash.in_(some)))
    house.embedder.calls.clear()
    sync(house, force=True)
    assert [len(call) for call in house.embedder.calls] == [4]


def test_a_person_edited_while_we_embed_ends_with_the_new_text(house: House) -> None:
    ids = add(house, 3)
    edited: list[bool] = []

    def edit_once(texts: object) -> None:
        if not edited:
            edited.append(True)
            edit(house, ids[0], summary="Changed under way.")

    house.embedder.before = edit_once
    job = sync(house)
    assert job.done == 3
    assert any("Changed under way." in text for text in house.embedder.texts)
    with house.sessions() as session:
        stale = session.scalar(
            select(func.count())
            .select_from(IndexState)
            .join(Candidate, Candidate.id == IndexState.record_id)
            .where(IndexState.source_version != Candidate.updated_at)
        )
    assert stale == 0


def test_a_person_who_opts_out_while_we_embed_is_not_found_afterwards(house: House) -> None:
    ids = add(house, 3)
    house.embedder.before = lambda texts: edit(house, ids[1], opted_out=True)
    job = sync(house)
    assert job.status == "completed"
    assert point_id(ids[1]) not in points(house)


def test_the_limit_takes_the_newest(house: House) -> None:
    ids = add(house, 20)
    assert sync(house, limit=5).done == 5
    assert set(points(house)) == {point_id(n) for n in ids[-5:]}


def test_a_filter_takes_only_who_matches(house: House) -> None:
    add(house, 5)
    there = add(house, 3, location="Sevilla", skills=["Python", "SQL"], years_experience=7)
    job = sync(house, filter={"location": "sevilla", "skills": ["SQL"], "min_years": 5})
    assert job.done == 3
    assert set(points(house)) == {point_id(n) for n in there}


def test_chosen_people_are_embedded_and_the_ineligible_skipped(house: House) -> None:
    ids = add(house, 5)
    edit(house, ids[2], opted_out=True)
    launched = house.launch("etl.embed", candidate_ids=ids[:3])
    house.run(launched.job_id)
    job = job_of(house, launched.job_id)
    assert (job.status, job.total, job.done, job.skipped) == ("completed", 3, 2, 1)


def test_what_another_open_job_has_in_hand_is_left_to_it(house: House) -> None:
    ids = add(house, 10)
    first, second = house.launch("etl.sync"), house.launch("etl.embed", candidate_ids=ids[:4])
    house.split(first.job_id)
    house.run(second.job_id)
    assert job_of(house, second.job_id).total == 0
    with house.sessions() as session:
        story = session.scalars(select(Job.message).where(Job.id == second.job_id)).one()
    assert story == "Nothing to do."


def test_every_step_adds_up(house: House) -> None:
    ids = add(house, 120)
    edit(house, ids[0], summary="REFUSE")
    sync(house)
    edit(house, ids[1], location="Madrid")
    edit(house, ids[2], opted_out=True)
    job = sync(house)
    for step in job.steps:
        assert step["total"] == step["done"] + step["skipped"] + step["failed"], step
    assert job.done + job.skipped + job.failed == job.total


def test_the_story_of_a_job_ends_with_its_end(house: House) -> None:
    ids = add(house, 3)
    edit(house, ids[0], summary="REFUSE this")
    job = sync(house)
    with house.sessions() as session:
        told = session.scalars(select(JobEvent).where(JobEvent.job_id == job.id).order_by(JobEvent.id)).all()
    assert [event.message for event in told] == [
        "ana launched the job.",
        "3 records in one part.",
        "Completed with errors. 1 of 3 failed; the others are done.",
    ]
    assert told[-1].level == "error"


def test_the_failure_of_somebody_who_opts_out_is_closed_by_the_next_sync(house: House) -> None:
    ids = add(house, 3)
    edit(house, ids[1], summary="REFUSE this")
    sync(house)
    edit(house, ids[1], opted_out=True)
    job = sync(house)
    assert (job.status, job.total, job.skipped) == ("completed", 1, 1)
    with house.sessions() as session:
        assert [failure.status for failure in session.scalars(select(Failure))] == ["resolved"]


def spoil(house: House, record_id: int, values: str) -> None:
    with house.sessions.begin() as session:
        session.execute(text(f"UPDATE candidates SET {values} WHERE id = {record_id}"))


DEEP = "experience = (repeat('[', 2000) || '1' || repeat(']', 2000))::jsonb"


@pytest.mark.parametrize(
    "values",
    [
        "skills = '{{a,b},{c,d}}', languages = '{{es,NULL},{en,fr}}'",
        "skills = '{NULL,a}', languages = '{NULL}'",
        """experience = '{"n": 1e400, "title": "Cook"}'""",
        """education = '[{"n": -1e9999}, {"n": 1e10000}]'""",
    ],
)
def test_an_odd_row_is_indexed_with_its_neighbours(house: House, values: str) -> None:
    ids = add(house, 5)
    spoil(house, ids[2], values)
    job = sync(house)
    assert (job.status, job.done) == ("completed", 5)
    assert None not in points(house)[point_id(ids[2])][1]["languages"]


def test_an_unreadable_row_is_set_aside_alone(house: House) -> None:
    ids = add(house, 5)
    spoil(house, ids[2], DEEP)
    job = sync(house)
    assert (job.status, job.done, job.failed) == ("completed_with_errors", 4, 1)
    assert set(points(house)) == {point_id(n) for n in ids if n != ids[2]}
    with house.sessions() as session:
        failure = session.scalars(select(Failure)).one()
        version = session.scalars(select(Candidate.updated_at).where(Candidate.id == ids[2])).one()
    assert (failure.record_id, failure.cause, failure.source_version) == (ids[2], "record_unreadable", version)
    assert sync(house).total == 0


@pytest.mark.parametrize(
    "values",
    [
        "summary = 'REFUSE this'",
        "headline = NULL, summary = NULL, skills = NULL, education = NULL, experience = '[1e400]'",
        DEEP,
    ],
    ids=["refused", "no text", "unreadable"],
)
def test_who_is_edited_to_what_cannot_be_indexed_leaves_the_index(house: House, values: str) -> None:
    ids = add(house, 5)
    sync(house)
    spoil(house, ids[2], values)
    job = sync(house)
    assert (job.status, job.total, job.done, job.failed) == ("failed", 1, 0, 1)
    assert set(points(house)) == {point_id(n) for n in ids if n != ids[2]}
    for step in job.steps:
        assert step["total"] == step["done"] + step["skipped"] + step["failed"], step
    with house.sessions() as session:
        assert ids[2] not in session.scalars(select(IndexState.record_id)).all()
    edit(house, ids[2], headline="Mended.", summary="Mended.", experience=None)
    assert sync(house).done == 1
    assert point_id(ids[2]) in points(house)


def test_a_person_edited_to_a_refused_text_while_we_embed_is_not_found_afterwards(house: House) -> None:
    ids = add(house, 3)
    edited: list[bool] = []

    def edit_once(texts: object) -> None:
        if not edited:
            edited.append(True)
            edit(house, ids[0], summary="REFUSE this")

    house.embedder.before = edit_once
    assert sync(house).failed == 1
    assert point_id(ids[0]) not in points(house)


def test_a_person_whose_place_changes_while_the_text_is_refused_is_not_taken_for_indexed(house: House) -> None:
    ids = add(house, 1)
    edit(house, ids[0], summary="REFUSE this")
    edited: list[bool] = []

    def edit_once(texts: object) -> None:
        if not edited:
            edited.append(True)
            edit(house, ids[0], location="Sevilla")

    house.embedder.before = edit_once
    job = sync(house)
    assert (job.done, job.failed) == (0, 1)


def test_who_was_frozen_for_longer_than_its_lease_writes_no_point(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(house, 10)
    job_id = house.launch().job_id
    house.split(job_id)
    part = house.claim(job_id)
    assert part is not None
    run = house.running(part)
    real = time.monotonic

    def freeze(texts: Sequence[str]) -> None:
        monkeypatch.setattr(time, "monotonic", lambda: real() + house.settings.lease_seconds)

    house.embedder.before = freeze
    with pytest.raises(LeaseLost):
        index_candidates(run, force=False)
    assert points(house) == {}
    with house.sessions() as session:
        assert session.scalar(select(func.count()).select_from(EmbeddingCache)) == 10  # paid for is paid for
