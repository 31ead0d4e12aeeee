"""What became of each record of a job."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from core.errors import Invalid
from tests.webapp.factories import START, make_candidate, make_failure, make_job, make_part, make_place
from webapp.queries import records
from webapp.queries.page import write_cursor

HOUR = timedelta(hours=1)


def test_each_record_tells_its_outcome(session: Session) -> None:
    job, other = make_job(session, status="running"), make_job(session)
    indexed, failed, unchanged, removed, pending = (make_candidate(session) for _ in range(5))
    make_place(session, indexed, job_id=job.id)
    make_failure(session, job, failed.id)
    make_place(session, unchanged, job_id=other.id)
    make_part(session, job, [c.id for c in (indexed, failed, unchanged, removed, pending)], cursor=4)
    page = records.find_page(session, job.id, "c1")
    assert [row.outcome for row in page.items] == ["indexed", "failed", "unchanged", "removed", "pending"]
    assert page.items[1].cause == "text_refused"
    assert page.items[0].full_name == indexed.full_name


def test_records_that_a_job_never_reached_say_so(session: Session) -> None:
    job = make_job(session, status="cancelled", finished_at=START)
    make_part(session, job, [make_candidate(session).id])
    assert records.find_page(session, job.id, "c1").items[0].outcome == "not_reached"


def test_a_failure_of_another_job_is_not_this_jobs_outcome(session: Session) -> None:
    job, other, candidate = make_job(session), make_job(session), make_candidate(session)
    make_failure(session, other, candidate.id)
    make_part(session, job, [candidate.id])
    assert records.find_page(session, job.id, None).items[0].failure_id is None


def test_what_failed_again_later_has_failed_in_this_job_too(session: Session) -> None:
    job, retry = make_job(session, finished_at=START), make_job(session)
    again, since = make_candidate(session), make_candidate(session)
    make_failure(session, retry, again.id, first_seen=START - HOUR, last_seen=START + HOUR)
    make_failure(session, retry, since.id, first_seen=START + HOUR, last_seen=START + HOUR)
    make_part(session, job, [again.id, since.id], cursor=2)
    assert [row.outcome for row in records.find_page(session, job.id, "c1").items] == ["failed", "removed"]


def test_pages_run_through_the_parts_in_order(session: Session) -> None:
    job = make_job(session)
    make_part(session, job, [30, 10], n=0)
    make_part(session, job, [20, 50, 40], n=1)
    seen: list[tuple[int, int, int]] = []
    cursor = None
    while True:
        page = records.find_page(session, job.id, None, cursor, limit=2)
        seen += [(row.part, row.position, row.record_id) for row in page.items]
        assert page.total == 5
        cursor = page.next
        if cursor is None:
            break
    assert seen == [(0, 1, 30), (0, 2, 10), (1, 1, 20), (1, 2, 50), (1, 3, 40)]


def test_a_job_that_was_not_split_yet_has_no_records(session: Session) -> None:
    page = records.find_page(session, make_job(session).id, None)
    assert (page.items, page.total) == ((), 0)


@pytest.mark.parametrize("position", [(0, 2**31 - 1), (2**31, 0), (2**63, 1)])
def test_a_position_beyond_any_list_is_no_cursor(session: Session, position: tuple[int, int]) -> None:
    job = make_job(session)
    make_part(session, job, [1])
    with pytest.raises(Invalid):
        records.find_page(session, job.id, None, write_cursor(*position))


def test_a_position_behind_the_last_record_ends_the_list(session: Session) -> None:
    job = make_job(session)
    make_part(session, job, [1])
    assert records.find_page(session, job.id, None, write_cursor(5, 10**6)).items == ()
    assert records.find_page(session, job.id, None, write_cursor(0, 10**6)).items == ()
