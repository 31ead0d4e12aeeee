"""Who pays for a text now, over all workers: short-lived keys in Redis."""

from __future__ import annotations

from collections.abc import Sequence

from redis import Redis
from redis.exceptions import RedisError

from core.claims import RELEASE, all_of, named
from core.errors import TryAgain


class RedisClaims:
    """A claim ends by release, when its owner is found dead, or by its age."""

    def __init__(self, redis: Redis, *, keep_seconds: float) -> None:
        """`keep_seconds` is longer than a call may take."""
        self._keep_ms = int(keep_seconds * 1000)
        self._take = redis.register_script(_TAKE)
        self._release = redis.register_script(RELEASE)

    def take(self, keys: Sequence[bytes], owner: str) -> set[bytes]:
        """Return the keys that `owner` may pay for, those it held before included. One round trip."""
        if not keys:
            return set()
        try:
            taken = self._take(keys=[all_of(owner), *named(keys)], args=[owner, self._keep_ms])
        except RedisError as error:
            raise TryAgain(
                f"Redis does not answer ({type(error).__name__})", code="redis_unavailable", ours=True
            ) from error
        return {keys[int(position) - 1] for position in taken}

    def release(self, keys: Sequence[bytes], owner: str) -> None:
        """Let others pay for these; what somebody else took over stays theirs."""
        if not keys:
            return
        try:
            self._release(keys=[all_of(owner), *named(keys)], args=[owner])
        except RedisError:
            return  # they end by their age


_TAKE = """
local taken = {}
for i = 2, #KEYS do
  if redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2], 'NX') then
    redis.call('SADD', KEYS[1], KEYS[i])
    taken[#taken + 1] = i - 1
  elseif redis.call('GET', KEYS[i]) == ARGV[1] then
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
    taken[#taken + 1] = i - 1
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return taken
"""
