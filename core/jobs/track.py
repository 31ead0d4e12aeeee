"""How far a job was, and when: the points of its chart, from which its end is foretold. In Redis beside `job:{id}`.

Points are absolute, so that none is missed when one is lost; old ones are thinned out, and a long job has no more of
them than a short one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from redis import Redis

from core.jobs.live import KEEP_SECONDS, key
from core.jobs.view import JobView

MOST = 200  # points after thinning; before, twice as many


class Point(NamedTuple):
    """So many records had their outcome at this time, in seconds since 1970; `held` says whether some part waited."""

    at: float
    passed: int
    held: bool


def mark(redis: Redis, view: JobView) -> None:
    """Note how far the job is, unless somebody has noted something newer. Raises RedisError."""
    if view.started_at is None:
        return
    held = int(any(part.status == "waiting" for part in view.parts))
    passed = view.done + view.skipped + view.failed
    begin, now = view.started_at.timestamp(), (view.finished_at or view.updated_at).timestamp()
    keep = KEEP_SECONDS if view.over else 0
    redis.eval(_MARK, 1, _key(view.id), f"{begin:.3f}", f"{now:.3f}", passed, held, MOST, keep)


def read(redis: Redis, job_ids: Sequence[str]) -> list[list[Point]]:
    """Read the points of several jobs, oldest first, in one round trip. Raises RedisError."""
    with redis.pipeline(transaction=False) as pipe:
        for job_id in job_ids:
            pipe.lrange(_key(job_id), 0, -1)
        return [[_point(raw) for raw in found] for found in pipe.execute()]


def _key(job_id: str) -> str:
    return f"{key(job_id)}:track"


def _point(raw: bytes | str) -> Point:
    at, passed, held = (raw.decode() if isinstance(raw, bytes) else raw).split(" ")
    return Point(float(at), int(passed), held == "1")


_MARK = """
local begin, now, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[5])
local function at(point) return tonumber(string.match(point, '^%S+')) end
local last = redis.call('LINDEX', KEYS[1], -1)
if not last and begin < now then redis.call('RPUSH', KEYS[1], ARGV[1] .. ' 0 0') end
if not last or at(last) < now then
    redis.call('RPUSH', KEYS[1], ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
end
local points = redis.call('LLEN', KEYS[1]) > 2 * most and redis.call('LRANGE', KEYS[1], 0, -1) or {}
if #points > 0 then
    local gap, kept = (now - begin) / most, -1
    redis.call('DEL', KEYS[1])
    for n, point in ipairs(points) do
        if at(point) - kept >= gap or n == #points then
            redis.call('RPUSH', KEYS[1], point)
            kept = at(point)
        end
    end
end
if tonumber(ARGV[6]) > 0 then redis.call('EXPIRE', KEYS[1], ARGV[6]) else redis.call('PERSIST', KEYS[1]) end
return 1
"""
