"""How the shared pace of calls to a provider stands now: what was sent in the last minute, and a hold on all of it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Hold

PROVIDER = "cohere"
MINUTE = 60_000_000


class Standing(NamedTuple):
    """A hold that nobody may call before."""

    name: str
    until: datetime
    reason: str


def log_of(name: str) -> str:
    """Name the list in Redis where the limiter of a provider writes `microseconds:inputs` of each grant, old to new."""
    return f"limit:{name}:log"


def used(redis: Redis) -> int:
    """Count the inputs that were granted in the last 60 s, by the clock of Redis. Raises RedisError."""
    with redis.pipeline(transaction=False) as pipe:
        pipe.time()
        pipe.lrange(log_of(PROVIDER), 0, -1)
        (seconds, micros), grants = pipe.execute()
    since = seconds * 1_000_000 + micros - MINUTE
    pairs = (bytes(grant).split(b":") for grant in grants)
    return sum(int(inputs) for at, inputs in pairs if int(at) > since)


def holds(session: Session) -> list[Standing]:
    """List the holds that stand now."""
    rows = select(Hold.name, Hold.until, Hold.reason).where(Hold.until > func.clock_timestamp()).order_by(Hold.until)
    return [Standing(*row) for row in session.execute(rows)]
