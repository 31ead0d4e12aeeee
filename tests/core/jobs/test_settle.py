"""What a job's row tells, as it follows from its parts."""

from __future__ import annotations

import uuid

from core.jobs import ledger, part_end
from core.jobs.ledger import Progress, Ref
from core.models import Job, Part
from tests.core.jobs.conftest import House
from tests.factories import people


def held(house: House) -> Part:
    """The only part of a job, in somebody's hands."""
    with house.sessions.begin() as session:
        people(session, 50)
    job_id = house.launch().job_id
    house.split(job_id)
    part = house.claim(job_id)
    assert part is not None
    return part


def job_of(house: House, job_id: uuid.UUID) -> Job:
    with house.sessions() as session:
        return ledger.find(session, job_id)


def advance(house: House, part: Part, cursor: int) -> None:
    assert part.token is not None
    progress = Progress(cursor=cursor, done=cursor, skipped=0, failed=0, steps=[])
    with house.sessions.begin() as session:
        ref = Ref(part.job_id, part.n, part.token)
        ledger.advance(session, ledger.lock(session, part.job_id), ref, progress, lease=15)


def test_a_job_moves_when_records_get_their_outcome(house: House) -> None:
    part = held(house)
    begun = job_of(house, part.job_id).moved_at
    advance(house, part, 10)
    moved = job_of(house, part.job_id).moved_at
    advance(house, part, 10)

    assert begun is not None and moved is not None and begun < moved
    assert job_of(house, part.job_id).moved_at == moved


def test_a_job_that_is_handed_back_and_taken_again_has_not_moved(house: House) -> None:
    """Only the time in which nobody had it is not counted."""
    part = held(house)
    begun = job_of(house, part.job_id).moved_at
    hand_back(house, part)
    back = job_of(house, part.job_id)
    again = house.claim(part.job_id)

    assert again is not None and again.claimed_at is not None and begun is not None
    assert back.moved_at == begun
    assert job_of(house, part.job_id).moved_at == begun + (again.claimed_at - back.updated_at)


def test_a_job_that_waits_for_a_clock_does_not_stand_still(house: House) -> None:
    part = held(house)
    assert part.token is not None
    with house.sessions.begin() as session:
        ref = Ref(part.job_id, part.n, part.token)
        part_end.wait(session, ledger.lock(session, part.job_id), ref, seconds=20, message="429", counts=True)

    assert job_of(house, part.job_id).moved_at is None


def hand_back(house: House, part: Part) -> None:
    assert part.token is not None
    with house.sessions.begin() as session:
        part_end.hand_back(session, ledger.lock(session, part.job_id), Ref(part.job_id, part.n, part.token))
