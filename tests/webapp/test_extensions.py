"""What the views share."""

from __future__ import annotations

import pytest
from redis.exceptions import TimeoutError as RedisTimeoutError

from tests.standins.hung import HungStandIn
from webapp.extensions import redis_for


def test_no_page_asks_a_redis_that_hangs_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.extensions.REDIS_SECONDS", 0.05)
    with (
        HungStandIn() as hung,
        redis_for(f"redis://127.0.0.1:{hung.port}/0") as client,
        pytest.raises(RedisTimeoutError),
    ):
        client.ping()

    assert len(hung.taken) == 1
