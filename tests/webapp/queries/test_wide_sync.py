"""What a sync of very many would choose: as the last comparison tells, beside what is counted one by one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import coverage
from core.coverage import CoverageView
from core.jobs.scope import counted
from core.kinds.etl_sync import Sync, Where, split
from core.models import Candidate, Job
from core.ports import Collection
from tests.webapp import factories
from webapp.queries import chosen, wide_sync

COLLECTION = Collection("c1", "local", 512)
LATER = timedelta(seconds=1)


@pytest.fixture
def running(session: Session) -> Job:
    """Fill: of each five, one is indexed, missing, stale, failed, and failed but edited since; and three orphans.

    Of the missing, a job has three before it.
    """
    job = factories.make_job(session, status="running")
    everybody = [factories.make_candidate(session, location=["Cádiz", "Vigo"][n % 2]) for n in range(40)]
    for n, person in enumerate(everybody):
        session.refresh(person)
        if n % 5 in (0, 2):
            factories.make_place(session, person, source_version=person.updated_at - LATER * (n % 5))
        if n % 5 in (3, 4):
            factories.make_failure(session, job, person.id, source_version=person.updated_at - LATER * (n % 5 - 3))
    for _ in range(3):
        factories.make_place(session, factories.make_candidate(session, opted_out=True))
    missing: list[Candidate] = everybody[1::5]
    factories.make_part(session, job, [person.id for person in missing[:4]], status="running", cursor=1)
    session.commit()
    session.execute(text("ANALYZE"))
    return job


@pytest.mark.parametrize(
    "sync", [Sync(), Sync(force=True), Sync(filter=Where(location="cádiz")), Sync(filter=Where(location="Lugo"))]
)
def test_what_the_comparison_tells_is_what_would_be_counted(session: Session, running: Job, sync: Sync) -> None:
    seen = coverage.check(session, "candidates", COLLECTION, None)

    known = wide_sync.reckoned(session, sync, seen, [running.id], COLLECTION)
    exact = counted(session, split(sync, COLLECTION), [running.id], COLLECTION)

    assert (known.matching, known.eligible) == (exact.matching, exact.eligible)
    assert known.in_hand == exact.in_hand
    assert known.characters == pytest.approx(exact.characters) or not exact.eligible
    assert known.as_of == seen.checked_at and exact.as_of is None


@pytest.fixture
def imported(session: Session, monkeypatch: pytest.MonkeyPatch) -> CoverageView:
    """Index 4,000 people of Lugo and leave 2,000 of Vigo, who came later, missing; hold none of these for few."""
    monkeypatch.setattr(chosen, "FEW", 100)
    session.execute(
        text("""
        INSERT INTO candidates (external_id, full_name, headline, location)
        SELECT 'X-' || n, 'Ana', repeat('Nurse ', 20), CASE WHEN n <= 4000 THEN 'Lugo' ELSE 'Vigo' END
        FROM generate_series(1, 6000) n;
        INSERT INTO index_state (record_kind, collection, record_id, content_hash, payload_hash, model, dimension,
                                 source_version)
        SELECT 'candidate', 'c1', id, '', '', 'local', 512, updated_at FROM candidates WHERE location = 'Lugo'
        """)
    )
    session.commit()
    session.execute(text("ANALYZE"))
    session.commit()
    return coverage.check(session, "candidates", COLLECTION, None)


@pytest.mark.parametrize(
    ("sync", "wanted"),
    [
        (Sync(), 2000),
        (Sync(filter=Where(location="vigo")), 2000),
        (Sync(filter=Where(location="lugo")), 0),
        (Sync(force=True, filter=Where(location="lugo")), 4000),
    ],
)
def test_a_region_that_is_missing_as_a_whole_is_foretold_as_that(
    session: Session, imported: CoverageView, sync: Sync, wanted: int
) -> None:
    known = wide_sync.reckoned(session, sync, imported, [], COLLECTION)

    assert known.eligible == pytest.approx(wanted, rel=0.05)
    assert known.characters > 100


def test_who_came_since_the_comparison_is_not_left_out(session: Session, imported: CoverageView) -> None:
    for n in range(30):
        factories.make_candidate(session, location=["Lugo", "Vigo"][n % 2])
    session.commit()

    def known(sync: Sync) -> int:
        return wide_sync.reckoned(session, sync, imported, [], COLLECTION).eligible

    assert known(Sync()) == 2030
    assert known(Sync(force=True)) == 6030
    assert known(Sync(filter=Where(location="lugo"))) == 15


def test_what_others_are_about_to_do_is_no_larger_share_of_a_limited_sync(session: Session, running: Job) -> None:
    seen = coverage.check(session, "candidates", COLLECTION, None)

    known = wide_sync.reckoned(session, Sync(limit=9), seen, [running.id], COLLECTION)

    assert (known.matching, known.in_hand, known.eligible) == (9, 1, 7)  # 3 of 27 are in hand, 3 are orphans


def test_a_limit_is_kept(session: Session, running: Job) -> None:
    seen = coverage.check(session, "candidates", COLLECTION, None)

    known = wide_sync.reckoned(session, Sync(limit=9), seen, [], COLLECTION)

    assert known.matching == 9
    assert known.eligible == 8  # 3 of 27 are orphans


def test_the_comparison_is_believed_of_very_many_and_while_it_is_fresh(session: Session, running: Job) -> None:
    few = coverage.check(session, "candidates", COLLECTION, None)
    session.execute(text("UPDATE coverage SET figures = jsonb_set(figures, '{eligible}', '100001')"))
    session.commit()
    session.expire_all()
    many = coverage.snapshot(session, "candidates")
    assert many is not None

    assert not wide_sync.is_known(few)
    assert wide_sync.is_known(many)

    session.execute(text("UPDATE coverage SET checked_at = now() - interval '6 minutes'"))
    session.commit()
    old = coverage.snapshot(session, "candidates")
    assert old is not None and not wide_sync.is_known(old)
