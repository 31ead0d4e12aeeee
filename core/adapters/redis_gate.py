"""The gate before a provider's key, shared by all workers through Redis."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from redis import Redis
from redis.exceptions import RedisError

from core.errors import GiveUp, TryAgain, until
from core.settings import Settings

if TYPE_CHECKING:  # the ops server asks for a refusal, and does without numpy
    from core.ports import Work

PATIENCE_SECONDS = 5.0
LOOK_SECONDS = 0.05
# A key that was accepted so long ago may be refused by now: it is tried by one call again. A job does not even trust
# what was seen before it was launched: many of its calls go out at once, and a refused key shall cost one.
TRUST_SECONDS = 600.0
KEEP_SECONDS = 30 * 86400
# Where a process dies with the first call of a new key, the others wait so long for it.
TRIAL_SECONDS = 15.0
AGAIN_SECONDS = 3.0  # and so long where the key was accepted before, which it most probably is still


class Refusal(NamedTuple):
    """That the provider refused our key: which cause, the cure in words, and when."""

    code: str
    detail: str
    at: datetime


class Refusals(Protocol):
    """Where a refusal is kept that Redis may forget."""

    def keep(self, gate: str, code: str, detail: str) -> None:
        """Remember that a key was refused now."""
        ...

    def drop(self, gate: str) -> None:
        """Forget it: the key was accepted."""
        ...

    def last(self, gate: str) -> tuple[str, str, float] | None:
        """Give the code, the words, and how many seconds ago it was; None for a key that was not refused."""
        ...


def gate_of(settings: Settings, redis: Redis, refusals: Refusals | None = None) -> RedisGate | None:
    """Make the gate before the key of these settings; None where the embedder needs no key. Connects to nothing.

    Without `refusals` it knows what Redis knows, which is enough for who only looks.
    """
    if settings.embedder != "cohere":
        return None
    identity = "|".join((settings.cohere_api_key or "", settings.cohere_base_url or "", settings.embed_model))
    return RedisGate(redis, identity, trial_seconds=TRIAL_SECONDS, refusals=refusals)


class RedisGate:
    """One key at one address for one model: unknown, on trial, accepted or refused.

    Where Redis was wiped or restarted, it begins with the refusal that `refusals` has kept.
    """

    def __init__(self, redis: Redis, identity: str, *, trial_seconds: float, refusals: Refusals | None = None) -> None:
        """`identity` holds the key and is only stored as a hash; a trial not ended in time is forgotten."""
        self._key = "gate:" + hashlib.sha256(identity.encode()).hexdigest()[:32]
        self._trial_ms = int(trial_seconds * 1000)
        self._redis = redis
        self._refusals = refusals
        self._recall_it = redis.register_script(_RECALL)
        self._enter = redis.register_script(_ENTER)
        self._leave = redis.register_script(_LEAVE)

    def enter(self, work: Work, *, urgent: bool = False) -> bool:
        """Wait up to 5 s for the turn; True when this call is the trial of the key. `urgent`: a person's question.

        Raises GiveUp when the key was refused since the work was asked for: who asks later may try once more.
        """
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while (verdict := self._look(work, self._trial_ms, urgent)) == "wait":
            if time.monotonic() > give_up_at:
                raise TryAgain("waiting until Cohere has accepted the key", code="key_on_trial", after=1.0, paced=True)
            time.sleep(LOOK_SECONDS)
            work.check()
        return verdict == "try"

    def check(self, work: Work) -> None:
        """Raise GiveUp when the key was refused since the work was asked for."""
        self._look(work, 0, False)

    def leave(self, trial: bool, *, accepted: bool = False, refusal: GiveUp | None = None) -> None:
        """Tell the others how the call went."""
        if not trial and refusal is None:
            return
        verdict = "refused" if refusal else "accepted" if accepted else "unclear"
        detail = [refusal.code, str(refusal)] if refusal else ["", ""]
        with suppress(RedisError):  # the trial ends by itself
            self._leave(keys=[self._key], args=[verdict, *detail, KEEP_SECONDS])
        if self._refusals and refusal:
            self._refusals.keep(self._key, refusal.code, str(refusal))
        elif self._refusals and accepted:
            self._refusals.drop(self._key)

    def refusal(self) -> Refusal | None:
        """Say whether the key stands refused. Raises RedisError."""
        if self._refusals and not self._redis.exists(self._key):
            self._recall()
        code, detail, at = self._redis.hmget(self._key, "code", "detail", "refused_at")
        if at is None:
            return None
        return Refusal(_text(code or b""), _text(detail or b""), datetime.fromtimestamp(int(at) / 1e6, UTC))

    def _look(self, work: Work, trial_ms: int, urgent: bool) -> str:
        age = max(0.0, time.monotonic() - work.asked)
        trust = TRUST_SECONDS if urgent else min(age, TRUST_SECONDS)
        try:
            if self._refusals and not self._redis.exists(self._key):
                self._recall()
            args = [int(age * 1e6), trial_ms, int(trust * 1e6), int(AGAIN_SECONDS * 1e6)]
            answer = self._enter(keys=[self._key], args=args)
        except RedisError as error:
            raise TryAgain("Redis does not answer", code="redis_unavailable", ours=True) from error
        verdict, code, detail, refused_at = (_text(item) for item in answer)
        if verdict == "refused":
            moment = datetime.fromtimestamp(int(refused_at) / 1e6, UTC)
            raise GiveUp(f"{detail} [refused at {until(moment)}]", code=code)
        return verdict

    def _recall(self) -> None:
        """Tell a Redis that knows nothing of the key what PostgreSQL does, if only that it was asked."""
        last = self._refusals.last(self._key) if self._refusals else None
        code, detail, age = last or ("", "", 0.0)
        self._recall_it(keys=[self._key], args=[int(age * 1e6) if last else "", code, detail, KEEP_SECONDS])


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


_NOW = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
"""

_ENTER = (
    _NOW
    + """
local function whole(n) return string.format('%.0f', n) end
local s = redis.call('HMGET', KEYS[1], 'accepted_at', 'refused_at', 'code', 'detail', 'trial_until')
local verdict = 'wait'
if s[2] and tonumber(s[2]) > now - ARGV[1] then verdict = 'refused'
elseif s[1] and tonumber(s[1]) > now - ARGV[3] then verdict = 'go'
elseif ARGV[2] == '0' then verdict = 'go'
elseif not s[5] or tonumber(s[5]) < now then
  verdict = 'try'
  local lease = ARGV[2] * 1000
  if s[1] then lease = math.min(lease, tonumber(ARGV[4])) end
  redis.call('HSET', KEYS[1], 'trial_until', whole(now + lease))
end
return {verdict, s[3] or '', s[4] or '', s[2] or '0'}
"""
)

_RECALL = (
    _NOW
    + """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'recalled_at', string.format('%.0f', now))
if ARGV[1] ~= '' then
  redis.call('HSET', KEYS[1], 'refused_at', string.format('%.0f', now - ARGV[1]), 'code', ARGV[2], 'detail', ARGV[3])
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""
)

_LEAVE = (
    _NOW
    + """
redis.call('HDEL', KEYS[1], 'trial_until')
if ARGV[1] == 'accepted' then
  redis.call('HDEL', KEYS[1], 'refused_at', 'code', 'detail')
  redis.call('HSET', KEYS[1], 'accepted_at', string.format('%.0f', now))
elseif ARGV[1] == 'refused' then
  redis.call('HDEL', KEYS[1], 'accepted_at')
  redis.call('HSET', KEYS[1], 'refused_at', string.format('%.0f', now), 'code', ARGV[2], 'detail', ARGV[3])
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""
)
