"""Claims on texts, on a real Valkey."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from core.adapters.redis_claims import RedisClaims
from core.claims import free
from core.errors import TryAgain
from core.stack.net import free_port

KEYS = [f"text-{n}".encode() for n in range(96)]


def test_a_text_is_claimed_by_one_owner_and_by_him_again(redis: Redis) -> None:
    claims = RedisClaims(redis, keep_seconds=30)

    assert claims.take(KEYS[:2], "one") == set(KEYS[:2])
    assert claims.take(KEYS[:3], "other") == {KEYS[2]}
    assert claims.take(KEYS[:3], "one") == set(KEYS[:2])
    assert claims.take([], "one") == set()


def test_what_is_released_is_free_and_what_is_anothers_is_not(redis: Redis) -> None:
    claims = RedisClaims(redis, keep_seconds=30)
    claims.take(KEYS[:1], "one")
    claims.take(KEYS[1:2], "other")

    claims.release(KEYS[:2], "one")

    assert claims.take(KEYS[:2], "third") == {KEYS[0]}


def test_the_claims_of_a_dead_owner_are_freed_and_those_of_others_are_not(redis: Redis) -> None:
    claims = RedisClaims(redis, keep_seconds=30)
    claims.take(KEYS[:3], "dead")
    claims.release(KEYS[2:3], "dead")
    claims.take(KEYS[2:4], "other")

    free(redis, "dead")

    assert claims.take(KEYS[:4], "third") == set(KEYS[:2])
    free(redis, "dead")
    assert sorted(redis.keys("claims:*")) == [b"claims:other", b"claims:third"]


def test_what_is_known_of_an_owner_ends_with_his_claims(redis: Redis) -> None:
    claims = RedisClaims(redis, keep_seconds=30)
    claims.take(KEYS[:2], "one")
    assert 29_000 < redis.pttl(b"claims:one") <= 30_000
    claims.release(KEYS[:2], "one")
    assert redis.keys("*") == []


def test_a_claim_ends_by_its_age(redis: Redis) -> None:
    RedisClaims(redis, keep_seconds=30).take(KEYS[:1], "one")

    assert 29_000 < redis.pttl(b"claim:" + KEYS[0]) <= 30_000


def test_of_many_at_once_exactly_one_gets_each_text(redis: Redis) -> None:
    claims = RedisClaims(redis, keep_seconds=30)

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda n: claims.take(KEYS, f"owner-{n}"), range(16)))

    assert sorted(key for share in taken for key in share) == sorted(KEYS)


def test_without_redis_nobody_pays() -> None:
    away = Redis(port=free_port(), retry=None)

    with pytest.raises(TryAgain) as caught:
        RedisClaims(away, keep_seconds=30).take(KEYS, "one")

    assert caught.value.code == "redis_unavailable"
    RedisClaims(away, keep_seconds=30).release(KEYS, "one")
    free(away, "one")
    away.close()
