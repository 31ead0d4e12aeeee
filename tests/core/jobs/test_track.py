"""The points of a job's chart, through a real Valkey, and its end as of now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from redis import Redis

from core.jobs import live, track
from core.jobs.ahead import with_end, with_ends
from core.jobs.view import PartView
from tests.core.jobs.test_live import NOW, VIEW


def at(seconds: float, done: int, **values: object) -> object:
    passed = {"done": done, "skipped": 0, "failed": 0, "updated_at": NOW + timedelta(seconds=seconds)}
    return replace(VIEW, **(passed | values))  # type: ignore[arg-type]


def marked(redis: Redis, *views: object) -> list[track.Point]:
    for view in views:
        track.mark(redis, view)  # type: ignore[arg-type]
    return track.read(redis, [VIEW.id])[0]


def test_the_first_point_is_the_start(redis: Redis) -> None:
    begin, first = marked(redis, at(2, 10))

    assert (begin.at, begin.passed) == (round(NOW.timestamp(), 3), 0)
    assert (round(first.at - begin.at, 3), first.passed, first.held) == (2, 10, True)  # one of its parts waits


def test_what_comes_late_is_left_out(redis: Redis) -> None:
    points = marked(redis, at(2, 10), at(1, 5), at(2, 10))

    assert [point.passed for point in points] == [0, 10]


def test_a_long_job_has_no_more_points_than_a_short_one(redis: Redis) -> None:
    points = marked(redis, *(at(n, n) for n in range(1, 2 * track.MOST + 150)))

    assert len(points) <= 2 * track.MOST
    assert (points[0].passed, points[-1].passed) == (0, 2 * track.MOST + 149)


def test_a_job_that_is_over_keeps_its_points_as_long_as_its_copy(redis: Redis) -> None:
    marked(redis, at(2, 200, status="completed", finished_at=NOW + timedelta(seconds=2)))

    assert 0 < redis.ttl(f"job:{VIEW.id}:track") <= live.KEEP_SECONDS


def test_the_end_of_a_job_is_foretold_as_of_now(redis: Redis) -> None:
    points = marked(redis, *(at(n, 4 * n) for n in range(1, 26)))
    now = NOW + timedelta(seconds=26)

    end = with_end(at(25, 100), points, now)  # type: ignore[arg-type]

    assert end.eta_seconds is not None and 23 <= end.eta_seconds <= 25
    assert end.early_seconds is not None and end.late_seconds is not None
    assert end.early_seconds < end.eta_seconds < end.late_seconds


def test_a_job_that_nobody_moves_has_neither_rate_nor_end() -> None:
    stalled = with_end(at(0, 50, moved_at=NOW), [], NOW + timedelta(minutes=2))  # type: ignore[arg-type]
    silent = with_end(at(0, 50), [], NOW + timedelta(minutes=2))  # type: ignore[arg-type]

    assert (stalled.rate, stalled.eta_seconds) == (silent.rate, silent.eta_seconds) == (None, None)


def test_a_job_that_waits_for_a_clock_ends_after_it(redis: Redis) -> None:
    points = marked(redis, *(at(n, 4 * n) for n in range(1, 26)))
    now = NOW + timedelta(seconds=25)
    part = PartView(0, "waiting", 200, 100, 0, 0, 1, "", now + timedelta(seconds=60))

    end = with_end(at(25, 100, status="waiting", parts=(part,)), points, now)  # type: ignore[arg-type]

    assert end.eta_seconds is not None and end.eta_seconds > 80


def test_without_redis_a_job_keeps_the_end_that_its_pace_says() -> None:
    view = replace(VIEW, updated_at=datetime.now(UTC))

    with Redis.from_url("redis://127.0.0.1:1/0") as nowhere:
        assert [job.eta_seconds for job in with_ends(nowhere, [view])] == [VIEW.eta_seconds]
