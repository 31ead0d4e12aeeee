"""Lists of jobs, their tabs and their details."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from redis import Redis
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.jobs import live
from core.jobs.search import JobWhere
from core.jobs.view import view_of
from core.models import Census
from core.models.job import NOT_OVER
from core.settings import Settings
from tests.webapp.factories import START, make_candidate, make_event, make_failure, make_job, make_part, make_place
from webapp.queries import job_matches, job_sample, jobs
from webapp.queries.job_filter import STATUSES, JobFilter
from webapp.queries.page import Count


def counts(session: Session, where: JobFilter) -> Mapping[str, Count]:
    return jobs.with_tabs(session, where)[1]


def titles(session: Session, where: JobFilter) -> list[str]:
    return [view.title for view in jobs.find_page(session, where).items]


def test_jobs_come_newest_first_and_every_one_once_over_the_pages(session: Session) -> None:
    made = [make_job(session, created_at=START + timedelta(seconds=n // 3)) for n in range(10)]
    seen: list[str] = []
    cursor = None
    while True:
        page = jobs.find_page(session, JobFilter(), cursor, limit=4)
        assert (page.total, page.total_exact) == (10, True)
        seen += [view.id for view in page.items]
        cursor = page.next
        if cursor is None:
            break
    expected = sorted(made, key=lambda job: (job.created_at, job.id), reverse=True)
    assert seen == [str(job.id) for job in expected]


def test_a_job_launched_between_two_pages_moves_nothing(session: Session) -> None:
    made = [make_job(session) for _ in range(4)]
    first = jobs.find_page(session, JobFilter(), limit=2)
    make_job(session)
    second = jobs.find_page(session, JobFilter(), first.next, limit=2)
    assert [view.id for view in second.items] == [str(made[1].id), str(made[0].id)]


def test_every_filter_narrows_the_list(session: Session) -> None:
    make_job(session, title="one", status="failed", kind="etl.embed", requested_by="eva")
    make_job(session, title="two")
    for where in (
        JobFilter(status="failed"),
        JobFilter(kind="etl.embed"),
        JobFilter(user="eva"),
        JobFilter(where=JobWhere(words=("ONE",))),
    ):
        assert titles(session, where) == ["one"]
    assert titles(session, JobFilter(status="failed", user="ana")) == []


FAILED_ONE = {"title": "one", "status": "failed", "kind": "etl.embed", "requested_by": "eva"}


@pytest.mark.parametrize(
    "where",
    [
        JobWhere(statuses=("failed",)),
        JobWhere(statuses=("failed", "running")),
        JobWhere(not_statuses=("completed",)),
        JobWhere(kinds=("etl.embed", "zebra")),
        JobWhere(not_kinds=("etl.sync",)),
        JobWhere(users=("eva",)),
        JobWhere(not_users=("ana",)),
        JobWhere(errors=("text_refused",)),
        JobWhere(errors=("cohere_key_refused",)),
        JobWhere(causes=("text_refused", "text_empty")),
        JobWhere(people=(7,)),
        JobWhere(people=(8,)),
        JobWhere(before=START),
        JobWhere(words=("on",), statuses=("failed",)),
        JobWhere(words=("key_refused",)),
    ],
    ids=lambda where: repr(where.model_dump(exclude_defaults=True))[:40],
)
def test_every_part_of_a_search_narrows_the_list_and_the_tabs_alike(session: Session, where: JobWhere) -> None:
    early = START - timedelta(days=1)
    one = make_job(session, error_code="cohere_key_refused", created_at=early, **FAILED_ONE)
    two = make_job(session, title="only two")
    make_failure(session, one, 7)
    session.add(Census(collection="c1"))
    eight = make_candidate(session, id=8)
    make_place(session, eight, job_id=one.id)
    make_failure(session, two, 9, cause="cohere_timeout")

    assert titles(session, JobFilter(where=where)) == ["one"]
    assert {status: count.n for status, count in counts(session, JobFilter(where=where)).items() if count.n} == {
        "failed": 1
    }
    assert jobs.find_page(session, JobFilter(where=where)).total == 1


def test_what_an_error_leaves_out_is_left_out(session: Session) -> None:
    make_failure(session, make_job(session, title="one"), 7)
    make_job(session, title="two")
    assert titles(session, JobFilter(where=JobWhere(not_errors=("text_refused",)))) == ["two"]


@pytest.mark.parametrize("words", ["' OR 1=1 --", "a:* & !b", "\\'x", "x" * 2000, "<b>x</b>", "1e400", "٣", "²"])
def test_search_words_are_taken_literally(session: Session, words: str) -> None:
    make_job(session, title="plain")
    assert titles(session, JobFilter(where=JobWhere(words=(words,)))) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("sync",), True),
        (("Mad",), True),
        (("adrid",), False),
        (("not indexed",), True),
        (("indexed not",), False),
        (("etl.sync",), True),
        (("OPS-47",), True),
        (("cohere", "rate"), True),
        (("cohere", "zebra"), False),
        (("script",), True),
    ],
)
def test_words_are_found_by_their_start_whatever_stands_around_them(
    session: Session, words: tuple[str, ...], found: bool
) -> None:
    make_job(
        session,
        title="etl.sync: everybody not indexed in Madrid",
        reason="ticket OPS-4711 <script>",
        error_code="cohere_rate_limited",
    )
    assert bool(titles(session, JobFilter(where=JobWhere(words=words)))) is found


@pytest.mark.parametrize("exact_to", [5, 100])  # more match than are counted, or not so many
def test_pages_of_words_follow_each_other_wherever_the_jobs_are(
    session: Session, monkeypatch: pytest.MonkeyPatch, exact_to: int
) -> None:
    monkeypatch.setattr(job_matches, "NEAR", 3)
    monkeypatch.setattr(job_sample, "EXACT_TO", exact_to)
    monkeypatch.setattr(job_sample, "SURE", 0)
    for n in range(12):
        make_job(session, number=n + 1, title="odd one" if n % 3 else "even one")
    where, seen, cursor = JobFilter(where=JobWhere(words=("odd",))), list[str](), None
    while True:
        page = jobs.find_page(session, where, cursor, limit=3)
        seen += [view.id for view in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert (len(seen), len(set(seen))) == (8, 8)
    assert page.total_exact is (exact_to > 8)
    assert not page.total_exact or page.total == 8


def test_above_the_limit_the_tabs_are_estimates_and_say_so(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_sample, "EXACT_TO", 5)
    monkeypatch.setattr(job_sample, "SURE", 0)
    for n in range(12):
        make_job(session, number=n + 1, title="sync", status="running" if n < 2 else "completed" if n < 7 else "failed")
    counted = counts(session, JobFilter(where=JobWhere(words=("sync",))))
    assert counted["running"] == Count(2, True)
    assert (counted["completed"], counted["failed"]) == (Count(5, False), Count(5, False))
    assert not job_matches.of_tab(counted, None).exact
    assert jobs.find_page(session, JobFilter(where=JobWhere(words=("sync",))), limit=1).total > 5
    for status, total in (("running", 2), ("completed", 5)):
        tab = JobFilter(status=status, where=JobWhere(words=("sync",)))
        page = jobs.find_page(session, tab, limit=1)
        assert (page.total, page.total_exact) == (total, True)


def test_a_status_that_there_is_not_gets_no_tab(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_sample, "EXACT_TO", 5)
    monkeypatch.setattr(job_sample, "SURE", 0)
    for _ in range(12):
        make_job(session, title="sync")
    tabs = counts(session, JobFilter(status="unheard of", where=JobWhere(words=("sync",))))
    assert not tabs["completed"].exact  # too many, so that the tab alone was asked for
    assert set(tabs) == set(STATUSES)


def test_the_start_of_an_id_or_a_number_finds_its_job(session: Session) -> None:
    job = make_job(session, id=UUID("0a1b2c3d-0000-4000-8000-000000000001"), title="found")
    make_job(session)
    for given in ("0a1b", "0a1b2c3d", "0A1B2C3D-00", str(job.id), str(job.number), f"#{job.number}"):
        assert titles(session, JobFilter(where=JobWhere(ids=(given,)))) == ["found"], given
    assert titles(session, JobFilter(where=JobWhere(ids=("xyz", "#", "")))) == []


def test_jobs_are_numbered_as_they_are_launched(session: Session) -> None:
    first, second = make_job(session), make_job(session)
    assert second.number == first.number + 1


def test_tabs_count_within_the_rest_of_the_filter(session: Session) -> None:
    make_job(session, status="failed", requested_by="eva")
    make_job(session, status="failed")
    make_job(session, status="running")
    tabs = counts(session, JobFilter(status="running", user="ana"))
    assert {status: count.n for status, count in tabs.items() if count.n} == {"failed": 1, "running": 1}
    assert set(tabs) == set(STATUSES)


def test_open_jobs_leave_out_those_that_are_over(session: Session) -> None:
    for status in STATUSES:
        make_job(session, status=status)
    assert [view.status for view in jobs.open_jobs(session)] == list(NOT_OVER)


def test_a_job_is_read_from_its_live_copy(session: Session, redis: Redis) -> None:
    job = make_job(session, status="running", total=10, done=1)
    make_part(session, job, [1])
    session.refresh(job)
    live.publish(redis, view_of(job, jobs.parts(session, job.id)))
    job.done = 9
    session.flush()
    assert jobs.show(session, redis, job.id).done == 1


def test_a_job_is_read_from_the_ledger_when_redis_has_no_copy(session: Session, redis: Redis) -> None:
    job = make_job(session, status="running", total=2)
    make_part(session, job, [1], n=1)
    make_part(session, job, [2], n=0)
    view = jobs.show(session, redis, job.id)
    assert (view.id, [part.n for part in view.parts]) == (str(job.id), [0, 1])


def test_a_job_is_read_from_the_ledger_when_redis_is_down(session: Session) -> None:
    job = make_job(session)
    assert jobs.show(session, Redis(port=1, retry=None), job.id).id == str(job.id)


@pytest.mark.parametrize(("field", "value"), [("total", "many"), ("updated_at", "noon"), ("0.status", "done")])
def test_a_job_is_read_from_the_ledger_when_its_copy_makes_no_sense(
    session: Session, redis: Redis, field: str, value: str
) -> None:
    job = make_job(session, total=3)
    session.refresh(job)
    live.publish(redis, view_of(job))
    redis.hset(live.key(str(job.id)), field, value)
    assert jobs.show(session, redis, job.id).total == 3


def test_an_unknown_job_is_not_found(session: Session, redis: Redis, settings_env: Callable[..., Settings]) -> None:
    settings_env()
    with pytest.raises(NotFound):
        jobs.show(session, redis, uuid4())


def test_retries_name_the_job_they_retry(session: Session) -> None:
    job = make_job(session, status="failed")
    retry = make_job(session, retry_of=job.id)
    assert [view.id for view in jobs.retries_of(session, job.id)] == [str(retry.id)]


def test_events_come_newest_first_in_pages(session: Session) -> None:
    job, other = make_job(session), make_job(session)
    for n in range(3):
        make_event(session, job, f"event {n}")
    make_event(session, other, "of another job")
    first = jobs.events(session, job.id, limit=2)
    second = jobs.events(session, job.id, first.next, limit=2)
    assert [event.message for event in (*first.items, *second.items)] == ["event 2", "event 1", "event 0"]
    assert (first.total, second.next) == (3, None)
