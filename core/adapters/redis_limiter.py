"""The shared pace of calls to a provider: a sliding log in Redis, kept by one script on the clock of Redis."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from redis import Redis
from redis.exceptions import RedisError

from core.errors import TryAgain
from core.pace import log_of
from core.ports import go_on
from core.stubborn import DATABASE_AWAY, stubborn

WINDOW_SECONDS = 60.5  # a minute as the provider counts it, and half a second for the way there
PATIENCE_SECONDS = 5.0
LOOK_SECONDS = 0.25  # who stands in line looks this often whether the work must stop
KEEP_TRYING_SECONDS = 5.0  # to tell PostgreSQL of a hold
RECALL_SECONDS = 2.0  # a hold that did not reach Redis is found so soon in PostgreSQL
KEEP_SECONDS = 86400
# What was paid before is spread over this many slices of the window.
SLICES = 6
UNDER_WAY = 192  # inputs that may have been sent and not yet been remembered when Redis was wiped


class Holds(Protocol):
    """Where a hold is kept that Redis may forget."""

    def keep(self, seconds: float, reason: str) -> None:
        """Let nobody call for so long; a longer hold stays."""
        ...

    def left(self) -> tuple[float, str] | None:
        """Say how many seconds are left, and why; None when the provider may be called."""
        ...


class RedisLimiter:
    """Never more than `limit` inputs in any window, by all processes together; 0 = no limit, but holds are kept.

    Up to half of the limit goes out at once; beyond it grants are spread evenly, so that the limit is used up
    without standing still. Where Redis was wiped or restarted, it begins with the hold that `holds` has kept, and with
    what was paid for before, which `paid` counts: seconds -> inputs paid for in the last so many seconds.
    """

    def __init__(
        self,
        redis: Redis,
        name: str,
        limit: int,
        paid: Callable[[float], int],
        *,
        holds: Holds,
        window: float = WINDOW_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.limit = limit
        self._keys = [f"limit:{name}", log_of(name)]
        self._paid = paid
        self._holds = holds
        self._recalled = -math.inf
        self._window = window
        self._patience = patience
        self._acquire = redis.register_script(_ACQUIRE)
        self._hold = redis.register_script(_HOLD)
        self._turn = threading.Lock()  # one thread of a process asks at a time; the others stand in line

    def acquire(self, inputs: int, *, urgent: bool = False, check: Callable[[], None] = go_on) -> None:
        """Wait until `inputs` more may be sent, up to 5 s; raise TryAgain(paced) when that is not enough.

        Urgent calls overtake the pace, never the limit. Standing in line in this process does not count. Meanwhile
        `check` is called, which raises when the work must stop.
        """
        if urgent:
            self._wait_for(inputs, True, check)
            return
        while not self._turn.acquire(timeout=LOOK_SECONDS):
            check()
        try:
            self._wait_for(inputs, False, check)
        finally:
            self._turn.release()

    def hold(self, seconds: float, reason: str) -> None:
        """Let nobody call for so long; a longer hold stays. It is kept twice, so that one of the two may be away.

        A database that is away is waited for, up to 5 s: Redis may be wiped before it is back.
        """
        over = time.monotonic() + seconds
        try:
            self._copy(seconds, reason)
        finally:
            stubborn(
                lambda: self._holds.keep(over - time.monotonic(), reason), seconds=min(seconds, KEEP_TRYING_SECONDS)
            )
        self._recall()  # Redis may have been wiped, and asked, before the other had it

    def _copy(self, seconds: float, reason: str) -> None:
        try:
            self._hold(keys=self._keys, args=[int(seconds * 1e6), reason, int(seconds) + KEEP_SECONDS])
        except RedisError as error:
            raise _down(error) from error

    def _wait_for(self, inputs: int, urgent: bool, check: Callable[[], None]) -> None:
        patient_until = time.monotonic() + self._patience
        seed = ""
        if time.monotonic() - self._recalled > RECALL_SECONDS:
            self._recall()
        while True:
            verdict, wait, reason = self._ask(inputs, urgent, seed)
            if verdict == "go":
                return
            if verdict == "new":
                self._recall()
                seed = self._seed()
                continue
            if wait > patient_until - time.monotonic():
                message = reason or f"waiting for the limit of {self.limit:,} inputs a minute"
                code = "provider_hold" if verdict == "hold" else "inputs_per_minute"
                if verdict == "hold":  # who was told of it first may have died before it was kept
                    with suppress(*DATABASE_AWAY):
                        self._holds.keep(wait, reason)
                raise TryAgain(message, code=code, after=wait, paced=True)
            _pause(wait + 0.001, check)

    def _recall(self) -> None:
        if held := self._holds.left():
            self._copy(*held)
        self._recalled = time.monotonic()

    def _ask(self, inputs: int, urgent: bool, seed: str) -> tuple[str, float, str]:
        args: list[int | str] = [inputs, self.limit, int(self._window * 1e6), int(urgent), seed, KEEP_SECONDS]
        try:
            verdict, wait, reason = self._acquire(keys=self._keys, args=args)
        except RedisError as error:
            raise _down(error) from error
        return _text(verdict), int(wait) / 1e6, _text(reason)

    def _seed(self) -> str:
        """Tell a new key what was paid for: `microseconds ago:inputs`, old to new, and a share for calls under way."""
        if not self.limit or not self._paid(self._window):
            return "0:0"
        edges = [self._window * n / SLICES for n in range(SLICES + 1)]
        counts = [0, *(self._paid(edge) for edge in edges[1:])]
        slices = [f"{int(edges[n] * 1e6)}:{counts[n + 1] - counts[n]}" for n in reversed(range(SLICES))]
        return ",".join([*slices, f"0:{min(self.limit // 10, UNDER_WAY)}"])


def _pause(seconds: float, check: Callable[[], None]) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, LOOK_SECONDS))
        check()


def _down(error: RedisError) -> TryAgain:
    return TryAgain(f"Redis does not answer ({type(error).__name__})", code="redis_unavailable", ours=True)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


# Numbers are microseconds; %.0f because Lua would write them as 1.7e15.
_CLOCK = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local function whole(n) return string.format('%.0f', n) end
"""

_HOLD = (
    _CLOCK
    + """
local until_ = now + ARGV[1]
local known = tonumber(redis.call('HGET', KEYS[1], 'hold') or '0')
if until_ > known then
  redis.call('HSET', KEYS[1], 'hold', whole(until_), 'reason', ARGV[2])
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return 1
"""
)

# The log holds `time:inputs` of each grant; `sum` is its total; `due` is when the next paced grant may go; `run` is the
# life of Redis in which they were written: after a restart its last second may be missing.
_ACQUIRE = (
    _CLOCK
    + """
local n, limit, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local state = redis.call('HMGET', KEYS[1], 'hold', 'reason', 'sum', 'due', 'run')
local hold = tonumber(state[1] or '0')
if hold > now then return {'hold', whole(hold - now), state[2] or ''} end

local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
local sum, due = tonumber(state[3]), tonumber(state[4] or '0')
local fresh = not sum or state[5] ~= run
if fresh then
  if ARGV[5] == '' then return {'new', '0', ''} end
  sum = 0
  redis.call('DEL', KEYS[2])
  for ago, inputs in string.gmatch(ARGV[5], '(%d+):(%d+)') do
    redis.call('RPUSH', KEYS[2], whole(now - ago) .. ':' .. inputs)
    sum = sum + inputs
  end
end

if limit == 0 then
  if fresh then redis.call('HSET', KEYS[1], 'sum', whole(sum), 'due', whole(due), 'run', run) end
  return {'go', '0', ''}
end

local function entry(i)
  local e = redis.call('LINDEX', KEYS[2], i)
  if not e then return nil end
  local at, inputs = string.match(e, '(%d+):(%d+)')
  return tonumber(at), tonumber(inputs)
end
local at, inputs = entry(0)
while at and at <= now - window do
  redis.call('LPOP', KEYS[2])
  sum = sum - inputs
  at, inputs = entry(0)
end

local wait, i, left = 0, 0, sum
while left + n > limit do
  local at, inputs = entry(i)
  if not at then break end
  wait, left, i = at + window - now, left - inputs, i + 1
end
local paced = ARGV[4] == '0' and sum > limit / 2
if paced and due - now > wait then wait = due - now end
if wait <= 0 then
  redis.call('RPUSH', KEYS[2], whole(now) .. ':' .. n)
  sum = sum + n
  if ARGV[4] == '0' then
    -- Who comes a little late for a paced grant may catch up by the next ones.
    local from = now
    if paced then from = math.max(due, now - window / 6) end
    due = from + n * window / limit
  end
end
redis.call('HSET', KEYS[1], 'sum', whole(sum), 'due', whole(due), 'run', run)
redis.call('EXPIRE', KEYS[1], ARGV[6])
redis.call('EXPIRE', KEYS[2], ARGV[6])
if wait <= 0 then return {'go', '0', ''} end
return {'wait', whole(wait), ''}
"""
)
