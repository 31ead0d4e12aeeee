"""The claims on texts in Redis: their names, their owners, and how those of an owner who died are freed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from redis import Redis, RedisError

# Only one's own: what somebody else took over by now stays theirs.
RELEASE = """
for i = 2, #KEYS do
  if redis.call('GET', KEYS[i]) == ARGV[1] then redis.call('DEL', KEYS[i]) end
  redis.call('SREM', KEYS[1], KEYS[i])
end
return 1
"""


def owner_of(job_id: uuid.UUID, n: int, token: uuid.UUID) -> str:
    """Name one holder of a part."""
    return f"{job_id}:{n}:{token}"


def named(keys: Sequence[bytes]) -> list[bytes]:
    """Name the claims on these texts."""
    return [b"claim:" + key for key in keys]


def all_of(owner: str) -> str:
    """Name the set of all that an owner has claimed."""
    return f"claims:{owner}"


def free(redis: Redis, owner: str) -> None:
    """Let others pay for what an owner had claimed who died; without Redis the claims end by their age."""
    try:
        claimed = redis.smembers(all_of(owner))
        if claimed:
            redis.eval(RELEASE, 1 + len(claimed), all_of(owner), *claimed, owner)
    except RedisError:
        return
