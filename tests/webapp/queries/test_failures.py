"""Failures by cause, one by one, and by job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from tests.webapp.factories import make_candidate, make_failure, make_job
from webapp.queries import failures
from webapp.queries.failures import FailureFilter

NOW = datetime.now(UTC)


def test_a_group_tells_how_many_whom_and_when(session: Session) -> None:
    first, second = make_job(session), make_job(session)
    make_failure(
        session, first, 1, last_seen=NOW - timedelta(hours=2), first_seen=NOW - timedelta(days=2), reason="old"
    )
    make_failure(session, second, 2, last_seen=NOW, step="index", reason="new")
    make_failure(session, second, None, part=3, last_seen=NOW - timedelta(days=3))
    [group] = failures.groups(session).items
    assert (group.cause, group.total, group.records, group.jobs) == ("text_refused", 3, 2, 2)
    assert (group.last_hour, group.last_day) == (1, 2)
    assert (group.first_seen, group.last_seen) == (NOW - timedelta(days=2), NOW)
    assert (group.steps, group.sample) == (["embed", "index"], "new")


def test_groups_are_of_open_failures_unless_asked_otherwise(session: Session) -> None:
    job = make_job(session)
    make_failure(session, job, 1, cause="a", last_seen=NOW)
    make_failure(session, job, 2, cause="b", last_seen=NOW - timedelta(hours=1))
    make_failure(session, job, 3, cause="c", status="resolved")
    assert [group.cause for group in failures.groups(session).items] == ["a", "b"]
    assert [group.cause for group in failures.groups(session, FailureFilter("resolved")).items] == ["c"]
    assert failures.groups(session, FailureFilter(None)).total == 3


def test_single_failures_name_their_person_and_come_in_pages(session: Session) -> None:
    job, candidate = make_job(session), make_candidate(session, full_name="Íñigo")
    make_failure(session, job, candidate.id, last_seen=NOW)
    for n in range(3):
        make_failure(session, job, 10**9 + n, last_seen=NOW - timedelta(seconds=n + 1))
    first = failures.find_page(session, limit=2)
    second = failures.find_page(session, cursor=first.next, limit=2)
    assert first.items[0].full_name == "Íñigo"
    assert [row.failure.record_id for row in second.items] == [10**9 + 1, 10**9 + 2]
    assert (first.total, second.next) == (4, None)


def test_every_filter_narrows_the_failures(session: Session) -> None:
    job, other = make_job(session), make_job(session)
    wanted = make_failure(session, job, 1, cause="timeout", step="index")
    make_failure(session, other, 2)
    for where in (
        FailureFilter(cause="timeout"),
        FailureFilter(step="index"),
        FailureFilter(job_id=job.id),
        FailureFilter(record_id=1),
    ):
        assert failures.ids(session, where, 10) == [wanted.id]
        assert failures.total(session, where).n == 1
    assert failures.ids(session, FailureFilter(cause="\0"), 10) == []


def test_ids_stop_at_the_limit(session: Session) -> None:
    job = make_job(session)
    made = [make_failure(session, job, n).id for n in range(1, 4)]
    assert failures.ids(session, FailureFilter(), 2) == made[:2]
