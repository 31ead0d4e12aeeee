"""The gate before a key, on a real Valkey."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from core.adapters.redis_gate import RedisGate
from core.db import engine_for, sessions_for
from core.errors import Cancelled, GiveUp, TryAgain
from core.holds import Refusals
from core.ports import Work
from core.stack.net import free_port


def gate(redis: Redis, identity: str = "key", trial_seconds: float = 30) -> RedisGate:
    return RedisGate(redis, identity, trial_seconds=trial_seconds)


def asked(seconds_ago: float = 0.0) -> Work:
    return Work(time.monotonic() - seconds_ago)


def test_the_first_call_of_an_unknown_key_is_its_trial_and_then_all_may_go(redis: Redis) -> None:
    first, second, work = gate(redis), gate(redis), asked(1.0)

    assert first.enter(work) is True
    first.leave(True, accepted=True)

    assert [second.enter(work), first.enter(work)] == [False, False]


def test_a_later_job_tries_an_accepted_key_by_one_call_first(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = gate(redis)
    ours.leave(ours.enter(asked()), accepted=True)
    (key,) = redis.scan_iter("gate:*")
    redis.hincrby(key, "accepted_at", -60_000_000)  # a minute ago
    monkeypatch.setattr("core.adapters.redis_gate.PATIENCE_SECONDS", 0.0)
    later = asked(30.0)

    assert ours.enter(later) is True
    with pytest.raises(TryAgain):
        gate(redis).enter(later)
    ours.leave(True, accepted=True)
    assert gate(redis).enter(later) is False


def test_a_question_trusts_a_key_that_was_accepted_lately(redis: Redis) -> None:
    ours = gate(redis)
    ours.leave(ours.enter(asked()), accepted=True)

    assert gate(redis).enter(asked(), urgent=True) is False


def test_a_second_caller_waits_for_the_trial_and_is_put_off_in_the_end(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.adapters.redis_gate.PATIENCE_SECONDS", 0.0)
    gate(redis).enter(asked())

    with pytest.raises(TryAgain) as caught:
        gate(redis).enter(asked())

    assert caught.value.paced


def test_a_trial_that_learned_nothing_leaves_the_next_one_to_try(redis: Redis) -> None:
    first, second = gate(redis), gate(redis)
    first.leave(first.enter(asked()))

    assert second.enter(asked()) is True


def test_a_trial_whose_process_died_is_forgotten(redis: Redis) -> None:
    gate(redis, trial_seconds=0.001).enter(asked())

    assert gate(redis).enter(asked()) is True


def test_a_dead_trial_of_a_key_that_was_good_holds_nobody_up_for_long(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = gate(redis)
    ours.leave(ours.enter(asked()), accepted=True)
    (key,) = redis.scan_iter("gate:*")
    redis.hincrby(key, "accepted_at", -60_000_000)  # a minute ago
    later = asked(30.0)
    monkeypatch.setattr("core.adapters.redis_gate.AGAIN_SECONDS", 0.001)
    assert ours.enter(later) is True

    assert gate(redis).enter(later) is True


def test_a_refusal_stops_all_work_that_was_asked_for_before_it_with_the_same_words(redis: Redis) -> None:
    first, second = gate(redis), gate(redis)
    first.leave(first.enter(asked()), accepted=True)
    before = asked(1.0)  # the way to Redis makes it seem a moment later
    second.enter(before)
    first.leave(False, refusal=GiveUp("the key is refused", code="cohere_key_refused"))

    for ask in (lambda: second.enter(before), lambda: second.check(before), lambda: gate(redis).enter(before)):
        with pytest.raises(GiveUp, match=r"the key is refused \[refused at") as caught:
            ask()
        assert caught.value.code == "cohere_key_refused"


def test_work_that_is_asked_for_after_a_refusal_tries_once(redis: Redis) -> None:
    gate(redis).leave(True, refusal=GiveUp("the key is refused"))
    (key,) = redis.scan_iter("gate:*")
    redis.hincrby(key, "refused_at", -60_000_000)  # a minute ago
    after = asked(1.0)

    assert gate(redis).enter(after) is True
    gate(redis).leave(True, refusal=GiveUp("the key is refused"))
    with pytest.raises(GiveUp):
        gate(redis).enter(after)


def test_a_key_that_was_accepted_long_ago_is_tried_by_one_call_again(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = gate(redis)
    ours.leave(ours.enter(asked()), accepted=True)
    assert ours.enter(asked(), urgent=True) is False
    monkeypatch.setattr("core.adapters.redis_gate.TRUST_SECONDS", 0.0)

    assert ours.enter(asked(60.0)) is True


def test_who_waits_for_a_trial_stops_when_the_work_must(redis: Redis) -> None:
    def stop() -> None:
        raise Cancelled("the job was cancelled")

    gate(redis).enter(asked())

    with pytest.raises(Cancelled):
        gate(redis).enter(Work(time.monotonic(), stop))


def test_a_refusal_is_there_to_be_looked_at_until_the_key_is_accepted(redis: Redis) -> None:
    ours = gate(redis)
    assert ours.refusal() is None
    before = datetime.now(UTC)
    ours.leave(ours.enter(asked()), refusal=GiveUp("put a valid key", code="cohere_key_refused"))

    seen = gate(redis).refusal()

    assert seen is not None
    assert seen[:2] == ("cohere_key_refused", "put a valid key")
    assert abs(seen.at - before) < timedelta(seconds=30)
    gate(redis).leave(True, accepted=True)
    assert gate(redis).refusal() is None


def test_a_redis_that_was_wiped_is_told_of_the_refusal_again(redis: Redis, database: str) -> None:
    engine = engine_for(database)
    kept = Refusals(sessions_for(engine))
    before = asked(1.0)
    ours = RedisGate(redis, "key", trial_seconds=30, refusals=kept)
    ours.leave(ours.enter(asked()), refusal=GiveUp("put a valid key", code="cohere_key_refused"))
    for look in (lambda: ours.enter(before), lambda: ours.check(before)):
        redis.flushall()
        with pytest.raises(GiveUp, match="put a valid key"):
            look()
    redis.flushall()
    seen = ours.refusal()
    assert seen is not None and seen[:2] == ("cohere_key_refused", "put a valid key")

    redis.flushall()
    ours.leave(True, accepted=True)
    redis.flushall()
    assert ours.enter(before) is True
    assert ours.refusal() is None
    engine.dispose()


def test_keys_do_not_know_each_other_and_are_not_written_down(redis: Redis) -> None:
    one, other = gate(redis, "secret-key-1"), gate(redis, "secret-key-2")
    one.leave(one.enter(asked()), refusal=GiveUp("refused"))

    assert other.enter(asked()) is True
    assert not any(b"secret" in key for key in redis.scan_iter())


def test_without_redis_nobody_calls() -> None:
    away = Redis(port=free_port(), retry=None)

    with pytest.raises(TryAgain) as caught:
        gate(away).enter(asked())

    assert caught.value.code == "redis_unavailable"
    gate(away).leave(True)
    away.close()
