"""Jobs with their end foretold, as of now: for the page, the lists and the API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from redis import Redis, RedisError

from core.jobs import track
from core.jobs.forecast import Forecast, foretell
from core.jobs.track import Point
from core.jobs.view import RATE_AGE_SECONDS, JobView


def with_ends(redis: Redis, jobs: Iterable[JobView]) -> list[JobView]:
    """Foretell the end of each job that goes on; what nobody has moved for a while has none, and no rate."""
    found = list(jobs)
    going = [job.id for job in found if job.status in ("running", "waiting") and job.total]
    points = dict(zip(going, _points(redis, going), strict=True)) if going else {}
    now = datetime.now(UTC)
    return [with_end(job, points[job.id], now) if job.id in points else job for job in found]


def with_end(job: JobView, points: Sequence[Point], now: datetime) -> JobView:
    """Foretell the end of one job from its points."""
    until = _until(job)
    if job.stalled(now) or (job.status == "waiting" and until is None):
        return replace(job, rate=None, eta_seconds=None)
    if job.status == "running" and (now - job.updated_at).total_seconds() > RATE_AGE_SECONDS:
        return replace(job, rate=None, eta_seconds=None)
    end = foretell(points, job.total or 0, now.timestamp(), until=until.timestamp() if until else None)
    return job if end is None else _told(job, end)


def _told(job: JobView, end: Forecast) -> JobView:
    about, early, late = (round(seconds, 1) for seconds in (end.about, end.early, end.late))
    return replace(job, eta_seconds=about, early_seconds=early, late_seconds=late)


def _until(job: JobView) -> datetime | None:
    """Say when a job that waits goes on, where it is known."""
    if job.status != "waiting":
        return None
    return min((part.until for part in job.parts if part.status == "waiting" and part.until), default=None)


def _points(redis: Redis, job_ids: Sequence[str]) -> list[list[Point]]:
    try:
        return track.read(redis, job_ids)
    except RedisError:
        return [[] for _job_id in job_ids]
