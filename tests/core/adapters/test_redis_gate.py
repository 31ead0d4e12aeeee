"""The gate before a key, on a real Valkey."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from core.adapters.redis_gate import RedisGate
from core.errors import GiveUp, TryAgain
from core.stack.net import free_port


def gate(redis: Redis, identity: str = "key", trial_seconds: float = 30) -> RedisGate:
    return RedisGate(redis, identity, trial_seconds=trial_seconds)


def test_the_first_call_of_an_unknown_key_is_its_trial_and_then_all_may_go(redis: Redis) -> None:
    first, second = gate(redis), gate(redis)

    assert first.enter(urgent=False) is True
    first.leave(True, accepted=True)

    assert [second.enter(urgent=False), first.enter(urgent=False)] == [False, False]


def test_a_second_caller_waits_for_the_trial_and_is_put_off_in_the_end(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.adapters.redis_gate.PATIENCE_SECONDS", 0.0)
    gate(redis).enter(urgent=False)

    with pytest.raises(TryAgain) as caught:
        gate(redis).enter(urgent=False)

    assert caught.value.paced


def test_a_trial_that_learned_nothing_leaves_the_next_one_to_try(redis: Redis) -> None:
    first, second = gate(redis), gate(redis)
    first.leave(first.enter(urgent=False))

    assert second.enter(urgent=False) is True


def test_a_trial_whose_process_died_is_forgotten(redis: Redis) -> None:
    gate(redis, trial_seconds=0.001).enter(urgent=False)

    assert gate(redis).enter(urgent=False) is True


def test_a_refusal_stops_all_who_were_at_work_with_the_same_words(redis: Redis) -> None:
    first, second = gate(redis), gate(redis)
    first.leave(first.enter(urgent=False), accepted=True)
    second.enter(urgent=False)
    first.leave(False, refusal=GiveUp("the key is refused", code="cohere_key_refused"))

    for ask in (lambda: second.enter(urgent=False), second.check, lambda: first.enter(urgent=False)):
        with pytest.raises(GiveUp, match=r"the key is refused \[refused at") as caught:
            ask()
        assert caught.value.code == "cohere_key_refused"


def test_a_refusal_is_there_to_be_looked_at_until_the_key_is_accepted(redis: Redis) -> None:
    ours = gate(redis)
    assert ours.refusal() is None
    before = datetime.now(UTC)
    ours.leave(ours.enter(urgent=False), refusal=GiveUp("put a valid key", code="cohere_key_refused"))

    seen = gate(redis).refusal()

    assert seen is not None
    assert seen[:2] == ("cohere_key_refused", "put a valid key")
    assert abs(seen.at - before) < timedelta(seconds=30)
    gate(redis).leave(True, accepted=True)
    assert gate(redis).refusal() is None


def test_keys_do_not_know_each_other_and_are_not_written_down(redis: Redis) -> None:
    one, other = gate(redis, "secret-key-1"), gate(redis, "secret-key-2")
    one.leave(one.enter(urgent=False), refusal=GiveUp("refused"))

    assert other.enter(urgent=False) is True
    assert not any(b"secret" in key for key in redis.scan_iter())


def test_without_redis_nobody_calls() -> None:
    away = Redis(port=free_port(), retry=None)

    with pytest.raises(TryAgain) as caught:
        gate(away).enter(urgent=False)

    assert caught.value.code == "redis_unavailable"
    gate(away).leave(True)
    away.close()
