"""What the views share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

from tests.standins.hung import HungStandIn
from webapp.extensions import redis_for


@pytest.fixture
def hung() -> Iterator[HungStandIn]:
    with HungStandIn() as standin:
        yield standin


@pytest.fixture
def client(hung: HungStandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    monkeypatch.setattr("webapp.extensions.ANSWER_SECONDS", 0.05)
    with redis_for(f"redis://127.0.0.1:{hung.port}/0") as client:
        yield client


def test_a_redis_that_hangs_is_asked_once_and_then_left_alone(hung: HungStandIn, client: Redis) -> None:
    for _ in range(3):
        with pytest.raises(RedisTimeoutError):
            client.ping()
    with client.pipeline() as pipe, pytest.raises(RedisTimeoutError):
        pipe.ping().execute()

    assert len(hung.taken) == 1


def test_a_redis_that_hung_is_asked_again(hung: HungStandIn, client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.patience.REST_SECONDS", 0)
    for _ in range(2):
        with pytest.raises(RedisTimeoutError):
            client.ping()

    assert len(hung.taken) == 2


def test_a_connection_that_was_lost_is_made_anew(redis_url: str) -> None:
    with redis_for(redis_url) as client, Redis.from_url(redis_url) as other:
        client.ping()
        other.client_kill_filter(_id=client.client_id())

        assert client.ping()
