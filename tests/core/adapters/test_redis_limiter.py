"""The shared limit, on a real Valkey and its clock; windows are short so that tests are."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from sqlalchemy.exc import OperationalError

from core.adapters import redis_limiter as module
from core.adapters.redis_limiter import RedisLimiter
from core.errors import Cancelled, TryAgain
from core.stack.net import free_port
from core.stubborn import PAUSE_SECONDS


@dataclass
class KeptHolds:
    """Remembers holds as PostgreSQL does, without one."""

    until: float = 0.0
    reason: str = ""

    def keep(self, seconds: float, reason: str) -> None:
        if time.monotonic() + seconds > self.until:
            self.until, self.reason = time.monotonic() + seconds, reason

    def left(self) -> tuple[float, str] | None:
        left = self.until - time.monotonic()
        return (left, self.reason) if left > 0 else None


def nothing_paid(seconds: float) -> int:
    return 0


def limiter(
    redis: Redis,
    limit: int,
    *,
    window: float = 60.5,
    patience: float = 5.0,
    paid: Callable[[float], int] = nothing_paid,
    holds: KeptHolds | None = None,
) -> RedisLimiter:
    return RedisLimiter(redis, "test", limit, paid, holds=holds or KeptHolds(), window=window, patience=patience)


def refused(act: Callable[[], None]) -> TryAgain:
    with pytest.raises(TryAgain) as caught:
        act()
    return caught.value


def log(redis: Redis) -> list[tuple[float, int]]:
    """Every grant in the window: when, in seconds by Redis's clock, and how many inputs."""
    rows = [row.decode().split(":") for row in redis.lrange("limit:test:log", 0, -1)]
    return [(int(at) / 1e6, int(inputs)) for at, inputs in rows if int(inputs)]


def turned_by_hand(ours: RedisLimiter, redis: Redis) -> RedisLimiter:
    """Let it ask a clock that stands still until somebody sets `now`, microseconds."""
    redis.set("now", 1_000_000_000)
    script = module._ACQUIRE.replace("redis.call('TIME')", "{0, redis.call('GET', 'now')}")
    ours._acquire = redis.register_script(script)
    return ours


def test_half_of_the_limit_goes_at_once_and_then_the_pace_is_even(redis: Redis) -> None:
    ours = turned_by_hand(limiter(redis, 2000, patience=0), redis)
    for _ in range(11):
        ours.acquire(95)

    error = refused(lambda: ours.acquire(95))

    assert sum(inputs for _, inputs in log(redis)) == 11 * 95
    assert error.paced
    assert error.after == pytest.approx(95 * 60.5 / 2000, abs=0.001)
    assert str(error) == "waiting for the limit of 2,000 inputs a minute"


def test_a_full_window_lets_nobody_in_until_its_oldest_grant_is_over(redis: Redis) -> None:
    ours = turned_by_hand(limiter(redis, 100, patience=0), redis)
    ours.acquire(40, urgent=True)
    ours.acquire(60, urgent=True)

    error = refused(lambda: ours.acquire(1, urgent=True))

    assert error.after == 60.5


def test_a_person_who_waits_overtakes_the_pace_but_not_the_limit(redis: Redis) -> None:
    ours = limiter(redis, 100, patience=0)
    ours.acquire(60)
    refused(lambda: ours.acquire(30))

    ours.acquire(30, urgent=True)

    assert refused(lambda: ours.acquire(11, urgent=True)).paced
    ours.acquire(10, urgent=True)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 40), min_size=8, max_size=30), urgent=st.sets(st.integers(0, 29), max_size=6))
def test_no_window_ever_holds_more_than_the_limit(redis: Redis, sizes: list[int], urgent: set[int]) -> None:
    redis.flushall()
    window, limit = 0.1, 60
    granted: list[tuple[float, int]] = []
    lock = threading.Lock()

    def take(n: int) -> None:
        began = time.monotonic()
        limiter(redis, limit, window=window, patience=30).acquire(sizes[n], urgent=n in urgent)
        with lock:
            granted.append((began, sizes[n]))
            seen.extend(row for row in log(redis) if row not in seen)

    seen: list[tuple[float, int]] = []
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(take, range(len(sizes))))

    assert len(granted) == len(sizes)
    for start, _ in seen:
        assert sum(inputs for at, inputs in seen if start <= at < start + window) <= limit


def test_the_limit_is_used_up_in_a_steady_state_by_several_processes(redis: Redis) -> None:
    window, limit, batch = 60.5, 2000, 95
    ours = turned_by_hand(limiter(redis, limit, window=window, patience=0), redis)
    asked = [(1000.0, caller) for caller in range(4)]  # when each asks next, by a clock that we turn ourselves
    grants: list[float] = []
    while len(grants) < 90:
        now, caller = heapq.heappop(asked)
        redis.set("now", f"{now * 1e6:.0f}")
        try:
            ours.acquire(batch)
            grants.append(now)
            heapq.heappush(asked, (now, caller))
        except TryAgain as wait:
            heapq.heappush(asked, (now + (wait.after or 0.0), caller))

    steady = grants[40:90]
    rate = (len(steady) - 1) * batch / (steady[-1] - steady[0])
    assert 0.98 * limit / window <= rate <= 1.02 * limit / window
    assert max(later - sooner for sooner, later in pairwise(steady)) < window / 10  # it never stands still


def test_a_hold_keeps_everybody_out_even_without_a_limit(redis: Redis) -> None:
    for limit in (0, 2000):
        ours, other = limiter(redis, limit, patience=0), limiter(redis, limit, patience=0)
        ours.hold(30, "waiting for Cohere until 12:04:10 UTC (429)")

        error = refused(lambda held=other: held.acquire(1, urgent=True))  # type: ignore[misc]

        assert str(error) == "waiting for Cohere until 12:04:10 UTC (429)"
        assert 20 < (error.after or 0) <= 30
        assert (error.paced, error.code) == (True, "provider_hold")


def test_a_shorter_hold_does_not_end_a_longer_one(redis: Redis) -> None:
    ours = limiter(redis, 0, patience=0)
    ours.hold(30, "long")
    ours.hold(1, "short")

    assert 20 < (refused(lambda: ours.acquire(1)).after or 0) <= 30


def test_a_short_hold_is_waited_for(redis: Redis) -> None:
    ours = limiter(redis, 0)
    ours.hold(0.05, "a moment")

    ours.acquire(1)

    assert redis.hget("limit:test", "hold") is not None


def test_without_a_limit_and_a_hold_nothing_is_counted(redis: Redis) -> None:
    limiter(redis, 0).acquire(96)

    assert log(redis) == []


def test_a_wiped_redis_begins_with_what_was_paid_before(redis: Redis) -> None:
    paid = {60: 1900, 50: 1900, 40: 900, 30: 900, 20: 300, 10: 300}
    asked: list[float] = []

    def count(seconds: float) -> int:
        asked.append(seconds)
        return paid[round(seconds / 60.5 * 60)]

    ours = turned_by_hand(limiter(redis, 2000, patience=0, paid=count), redis)

    error = refused(lambda: ours.acquire(95, urgent=True))

    assert sum(inputs for _, inputs in log(redis)) == 1900 + 192  # and a share for calls under way
    # 1,000 of them were paid 40 to 50 s ago; they are taken for 40 s old, and leave after 20 s more.
    assert error.after == pytest.approx(60.5 - 60.5 * 4 / 6, abs=0.001)
    refused(lambda: ours.acquire(95))
    assert len(asked) == 7  # once


def test_a_new_system_is_not_slowed(redis: Redis) -> None:
    limiter(redis, 2000, patience=0).acquire(95)

    assert log(redis)[0][1] == 95


@pytest.mark.parametrize("limit", [0, 2000])
def test_a_wiped_redis_keeps_the_hold(redis: Redis, limit: int) -> None:
    holds = KeptHolds()
    limiter(redis, limit, holds=holds).hold(30, "waiting for Cohere until 12:04:10 UTC (429)")
    redis.flushall()

    error = refused(lambda: limiter(redis, limit, patience=0, holds=holds).acquire(1, urgent=True))

    assert (error.code, str(error)) == ("provider_hold", "waiting for Cohere until 12:04:10 UTC (429)")
    assert 20 < (error.after or 0) <= 30


def test_a_restarted_redis_that_lost_its_last_second_keeps_the_hold(redis: Redis) -> None:
    holds = KeptHolds()
    ours = limiter(redis, 2000, patience=0, holds=holds, paid=lambda seconds: 95)
    ours.acquire(95)
    holds.keep(30, "this one reached PostgreSQL and not the disk of Redis")
    redis.hset("limit:test", "run", "an earlier life")

    assert refused(lambda: ours.acquire(1)).code == "provider_hold"

    holds.until = 0.0
    redis.hdel("limit:test", "hold")
    ours.acquire(1)
    assert sum(inputs for _, inputs in log(redis)) == 95 + 192 + 1  # as PostgreSQL counts it, not what Redis remembered


def test_a_redis_that_is_wiped_while_a_hold_is_written_keeps_it(redis: Redis) -> None:
    class Slow(KeptHolds):
        def keep(self, seconds: float, reason: str) -> None:
            if not self.until:
                redis.flushall()
                other.acquire(1)
            super().keep(seconds, reason)

    holds = Slow()
    other = limiter(redis, 10, patience=0, holds=holds)
    limiter(redis, 10, holds=holds).hold(30, "long")

    assert refused(lambda: other.acquire(1)).code == "provider_hold"


def test_a_hold_whose_first_witness_died_is_kept_by_the_next(redis: Redis) -> None:
    class Dead(KeptHolds):
        def keep(self, seconds: float, reason: str) -> None:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        limiter(redis, 10, holds=Dead()).hold(30, "long")
    holds = KeptHolds()
    told = refused(lambda: limiter(redis, 10, patience=0, holds=holds).acquire(1))
    redis.flushall()

    assert str(told) == "long"
    assert refused(lambda: limiter(redis, 10, patience=0, holds=holds).acquire(1)).code == "provider_hold"


class Away(KeptHolds):
    """A database that comes back after so many tries."""

    def __init__(self, tries: int) -> None:
        super().__init__()
        self.tries = tries

    def keep(self, seconds: float, reason: str) -> None:
        self.tries -= 1
        if self.tries >= 0:
            raise OperationalError("INSERT", {}, Exception("the database system is starting up"))
        self.asked_for = seconds
        super().keep(seconds, reason)


def test_a_database_that_is_away_for_a_moment_is_told_as_soon_as_it_is_back(redis: Redis) -> None:
    holds = Away(tries=3)
    limiter(redis, 10, holds=holds).hold(30, "long")
    redis.flushall()

    assert refused(lambda: limiter(redis, 10, patience=0, holds=holds).acquire(1)).code == "provider_hold"
    assert holds.asked_for <= 30 - 3 * PAUSE_SECONDS  # the wait for the database is part of it


def test_who_meets_a_hold_needs_no_database(redis: Redis) -> None:
    limiter(redis, 10).hold(30, "long")

    error = refused(lambda: limiter(redis, 10, patience=0, holds=Away(tries=1)).acquire(1))

    assert error.code == "provider_hold"


def test_a_hold_is_kept_though_redis_is_away(redis: Redis) -> None:
    away, holds = Redis(port=free_port(), retry=None), KeptHolds()

    with pytest.raises(TryAgain, match="Redis does not answer"):
        limiter(away, 10, holds=holds).hold(30, "long")

    away.close()
    ours = limiter(redis, 10, patience=0)
    ours.acquire(1)  # the key of Redis is not new, and knows nothing of it
    assert refused(lambda: limiter(redis, 10, patience=0, holds=holds).acquire(1)).code == "provider_hold"


def test_who_stands_in_line_stops_when_the_work_must(redis: Redis) -> None:
    ours = limiter(redis, 10, patience=120)
    ours.acquire(10)
    cancelled = threading.Event()

    def check() -> None:
        if cancelled.is_set():
            raise Cancelled("the job was cancelled")

    with ThreadPoolExecutor(3) as pool:  # one waits for the limit, two for their turn in this process
        waiting = [pool.submit(ours.acquire, 10, check=check) for _ in range(3)]
        cancelled.set()
        for one in waiting:
            with pytest.raises(Cancelled):
                one.result(timeout=60)

    assert sum(inputs for _, inputs in log(redis)) == 10


def test_without_redis_nobody_calls() -> None:
    away = Redis(port=free_port(), retry=None)

    for act in (lambda: limiter(away, 10).acquire(1), lambda: limiter(away, 10).hold(1, "")):
        assert refused(act).code == "redis_unavailable"
    away.close()
