"""When a job will end, foretold from how far it was, and when: about, at the earliest, at the latest.

The pace is that of the last half of the run, so that a back-off or a new limit is soon in it; the band is as wide as
that pace has varied, and never so narrow that it promises more than a moment's notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from core.jobs.track import Point

SHARE = 0.5  # of the run so far that says how fast it goes
LEAST_SECONDS = 30.0  # and at least so long
SLICES = 5  # of that time, whose paces say how much it varies
LEAST_BAND = 0.07
MOST_BAND = 0.5


class Forecast(NamedTuple):
    """`rate` in records a second; the others in seconds from now."""

    rate: float
    about: float
    early: float
    late: float


def foretell(points: Sequence[Point], total: int, now: float, *, until: float | None = None) -> Forecast | None:
    """Foretell the end; None while nothing is known. `until` is when a job that waits goes on."""
    known = _from_the_first_outcome(points)
    if len(known) < 2 or known[-1].passed <= known[0].passed:
        return None
    begin, end = known[0].at, known[-1].at
    since = max(begin, end - max(LEAST_SECONDS, SHARE * (end - begin)))
    rate = _rate(known, since, end)
    if rate <= 0:
        return None
    left = max(0.0, (total - known[-1].passed) / rate - max(0.0, now - end)) + max(0.0, (until or now) - now)
    slack = _slack(known, since, end, rate)
    return Forecast(rate, left, left * (1 - slack), left * (1 + slack))


def _from_the_first_outcome(points: Sequence[Point]) -> Sequence[Point]:
    """Leave out the wait for a worker; and the first batches under way, as soon as enough has come after them."""
    first = next((n for n, point in enumerate(points) if point.passed), len(points))
    later = points[first:]
    enough = len(later) > 2 and later[-1].passed >= 3 * later[0].passed
    return later if enough else points[min(1, max(0, first - 1)) :]  # the second point is where somebody began


def _rate(points: Sequence[Point], since: float, until: float) -> float:
    return (passed_at(points, until) - passed_at(points, since)) / max(0.001, until - since)


def _slack(points: Sequence[Point], since: float, until: float, rate: float) -> float:
    """Say how far, as a share, the pace of the slices lies from the whole, on average; few slices say little."""
    step = (until - since) / SLICES
    slices = [_rate(points, since + n * step, since + (n + 1) * step) for n in range(SLICES)]
    varies = sum(abs(one - rate) for one in slices) / SLICES / rate
    few = 2.0 / max(4.0, float(len(points)))
    return min(MOST_BAND, max(LEAST_BAND, varies, few))


def passed_at(points: Sequence[Point], at: float) -> float:
    """Say how many records had passed at a time: on the line between two points."""
    before = points[0]
    for point in points:
        if point.at >= at:
            span = point.at - before.at
            share = (at - before.at) / span if span > 0 else 1.0
            return before.passed + (point.passed - before.passed) * max(0.0, share)
        before = point
    return float(points[-1].passed)
