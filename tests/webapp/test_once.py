"""A secret for one look: neither half alone tells it, and it is there once."""

from __future__ import annotations

from flask import Flask, session
from redis import Redis

from webapp import once

SECRET = "vigia_0a1b2c3d_a-very-long-secret"


def test_a_secret_is_given_once_and_for_its_subject(app: Flask) -> None:
    with app.test_request_context():
        once.keep("token:1", SECRET)

        assert once.take("token:2") is None
        assert once.take("token:1") == SECRET
        assert once.take("token:1") is None


def test_neither_half_tells_it(app: Flask, redis: Redis) -> None:
    with app.test_request_context():
        once.keep("token:1", SECRET)
        in_redis = [redis.get(name) for name in redis.keys("portal:once:*")]

        assert len(in_redis) == 1
        assert SECRET.encode() not in (in_redis[0] or b"")
        assert SECRET not in str(session["once"]) and SECRET.encode().hex() not in str(session["once"])
        assert 0 < redis.ttl(redis.keys("portal:once:*")[0]) <= once.SECONDS


def test_what_nobody_looked_at_in_time_is_gone(app: Flask, redis: Redis) -> None:
    with app.test_request_context():
        once.keep("token:1", SECRET)
        redis.flushall()

        assert once.take("token:1") is None
