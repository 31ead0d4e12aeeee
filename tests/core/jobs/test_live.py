"""The hashes `job:{id}`, through a real Valkey."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from core.jobs import live
from core.jobs.view import JobView, PartView, StepView

NOW = datetime(2026, 11, 21, 12, 0, 0, 5, tzinfo=UTC)
VIEW = JobView(
    id="6f1c0f0e-8a34-4d0b-b7a1-3c9e52d10a77",
    kind="etl.sync",
    queue="jobs:etl",
    title="Sincronización «Íñigo» <b>",
    status="running",
    message="",
    requested_by="ana",
    reason="",
    retry_of=None,
    total=200,
    done=50,
    skipped=3,
    failed=1,
    rate=12.5,
    eta_seconds=11.7,
    tokens=9_000_000_000,
    calls=2,
    model="embed-v4.0",
    error_code=None,
    error_detail=None,
    created_at=NOW,
    started_at=NOW,
    finished_at=None,
    updated_at=NOW,
    steps=(StepView("extract", "done", 200, 200, 0, 0), StepView("embed", "running", None, 50, 3, 1)),
    parts=(
        *(PartView(n, "queued", 17, 0, 0, 0, n, "") for n in range(11)),
        PartView(11, "waiting", 17, 0, 0, 0, 1, "Cohere asks us to wait", NOW),
    ),
)


def test_a_view_is_read_as_it_was_published(redis: Redis) -> None:
    live.publish(redis, VIEW)
    assert live.read(redis, VIEW.id) == VIEW


def test_a_client_that_decodes_reads_the_same(redis: Redis, redis_url: str) -> None:
    live.publish(redis, VIEW)
    with Redis.from_url(redis_url, decode_responses=True) as decoding:
        assert live.read(decoding, VIEW.id) == VIEW


def test_anybody_with_redis_cli_reads_flat_fields(redis: Redis) -> None:
    live.publish(redis, VIEW)
    flat = {name.decode(): value.decode() for name, value in redis.hgetall(f"job:{VIEW.id}").items()}
    assert flat["kind"] == "etl.sync"
    assert (flat["status"], flat["step"], flat["percent"]) == ("running", "embed", "27.0")
    assert (flat["total"], flat["done"], flat["skipped"], flat["failed"]) == ("200", "50", "3", "1")
    assert (flat["rate"], flat["eta_seconds"], flat["requested_by"]) == ("12.5", "11.7", "ana")
    assert (flat["0.status"], flat["11.attempt"]) == ("queued", "1")


def test_unknown_is_written_as_nothing(redis: Redis) -> None:
    live.publish(redis, replace(VIEW, total=None, rate=None, eta_seconds=None))
    fields = redis.hmget(f"job:{VIEW.id}", "total", "percent", "rate", "eta_seconds", "finished_at", "step.1.total")
    assert fields == [b""] * 6


def test_an_older_publish_never_wins(redis: Redis) -> None:
    newer = replace(VIEW, done=60, updated_at=NOW + timedelta(microseconds=1))
    live.publish(redis, newer)
    live.publish(redis, VIEW)
    assert live.read(redis, VIEW.id) == newer


def test_a_newer_publish_replaces_every_field(redis: Redis) -> None:
    newer = replace(VIEW, status="completed", updated_at=NOW + timedelta(hours=1), finished_at=NOW, error_code="x")
    live.publish(redis, VIEW)
    live.publish(redis, newer)
    assert live.read(redis, VIEW.id) == newer


def test_the_copy_of_a_job_that_is_over_goes_away_in_time(redis: Redis) -> None:
    live.publish(redis, VIEW)
    assert redis.ttl(live.key(VIEW.id)) == -1
    live.publish(redis, replace(VIEW, status="failed"))
    assert 0 < redis.ttl(live.key(VIEW.id)) <= live.KEEP_SECONDS


def test_a_missing_hash_is_nothing(redis: Redis) -> None:
    assert live.read(redis, VIEW.id) is None
    assert live.revision(redis, VIEW.id) is None


@pytest.mark.parametrize("lost", ["status", "updated_at", "requested_by"])
def test_a_hash_that_lost_a_field_is_nothing(redis: Redis, lost: str) -> None:
    live.publish(redis, VIEW)
    redis.hdel(live.key(VIEW.id), lost)
    assert live.read(redis, VIEW.id) is None


def test_the_revision_changes_with_each_publish(redis: Redis) -> None:
    live.publish(redis, VIEW)
    first = live.revision(redis, VIEW.id)
    live.publish(redis, replace(VIEW, updated_at=NOW + timedelta(microseconds=1)))
    assert live.revision(redis, VIEW.id) not in (None, first)
