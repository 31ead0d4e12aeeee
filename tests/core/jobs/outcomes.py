"""Jobs that end in every way there is."""

from __future__ import annotations

import uuid

from sqlalchemy import func, update

from core.jobs import job_end, ledger, part_end
from core.jobs.cancel import cancel
from core.jobs.reconcile import reconcile
from core.models import Part
from tests.core.jobs.conftest import ANA, House
from tests.factories import people

PART = 480  # records of a part: no less fits into one


def every_outcome(house: House) -> None:
    """Complete a job, with and without errors, fail one, stop one, cancel one early and one late, bury a worker."""
    completed(house)
    with_errors(house)
    nothing_to_do(house)
    stopped_by_a_refused_key(house)
    cancelled_unsplit(house)
    poisoned_then_cancelled(house)


def completed(house: House) -> None:
    with house.sessions.begin() as session:
        people(session, PART + 20)
    house.run(house.launch().job_id)


def with_errors(house: House) -> None:
    with house.sessions.begin() as session:
        people(session, 5)
        people(session, 2, summary=f"{house.embedder.refuse} this")
    house.run(house.launch().job_id)


def nothing_to_do(house: House) -> None:
    house.run(house.launch("etl.embed", candidate_ids=[10**9]).job_id)


def stopped_by_a_refused_key(house: House) -> None:
    job_id = two_parts(house)
    part = claimed(house, job_id, 0)
    with house.sessions.begin() as session:
        job = ledger.lock(session, job_id)
        job_end.stop(session, job, code="key_refused", detail="Cohere refuses the key.")
        part_end.fail(session, job, _ref(part), code="key_refused", detail="Cohere refuses the key.")


def cancelled_unsplit(house: House) -> None:
    _cancel(house, house.launch().job_id)


def poisoned_then_cancelled(house: House) -> None:
    """A part kills three workers, another waits, a third is cancelled in somebody's hands."""
    job_id = two_parts(house)
    for _ in range(ledger.MOST_DEATHS):
        claimed(house, job_id, 0)
        _bury(house, job_id, 0)
    part = claimed(house, job_id, 1)
    with house.sessions.begin() as session:
        part_end.wait(session, ledger.lock(session, job_id), _ref(part), seconds=0, message="Cohere rests", counts=True)
    reconciled(house)
    part = claimed(house, job_id, 1)
    _cancel(house, job_id)
    with house.sessions.begin() as session:
        part_end.cancel(session, ledger.lock(session, job_id), _ref(part))


def reconciled(house: House) -> None:
    with house.sessions() as session:
        reconcile(session, house.redis)


def two_parts(house: House) -> uuid.UUID:
    with house.sessions.begin() as session:
        people(session, PART + 20)
    job_id = house.launch().job_id
    house.split(job_id)
    return job_id


def claimed(house: House, job_id: uuid.UUID, n: int) -> Part:
    part = house.claim(job_id, n)
    assert part is not None
    return part


def _ref(part: Part) -> ledger.Ref:
    assert part.token is not None
    return ledger.Ref(part.job_id, part.n, part.token)


def _bury(house: House, job_id: uuid.UUID, n: int) -> None:
    with house.sessions.begin() as session:
        past = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, 1)
        session.execute(update(Part).where(Part.job_id == job_id, Part.n == n).values(lease_until=past))
    reconciled(house)


def _cancel(house: House, job_id: uuid.UUID) -> None:
    with house.sessions() as session:
        cancel(session, house.redis, job_id, actor=ANA, reason="enough")
