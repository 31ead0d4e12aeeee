"""The records a second of a job, drawn on the axis of its time, with its pauses and the end that is foretold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from core.jobs.forecast import passed_at
from core.jobs.track import Point
from core.jobs.view import JobView

WIDE, HIGH = 880, 140  # units of the drawing
SLICES = range(10, 61)  # of the line, one for each four seconds
ROWS = 8  # of the table
LEAST_SECONDS = 3.0  # a shorter run has nothing to show


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the axis, in units of the drawing."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: the rate from this time on, and for how many seconds some part waited."""

    begin: datetime
    rate: float
    paused: float


@dataclass(frozen=True, slots=True)
class Chart:
    """`line` are points as SVG writes them; `now` and `end` are places on the axis, None where there is none."""

    line: str
    area: str
    pauses: Sequence[Span]
    band: Span | None
    now: float | None
    end: float | None
    most: float
    mean: float
    ticks: Sequence[datetime]
    rows: Sequence[Row]

    @property
    def paused(self) -> float:
        """Sum the seconds for which some part waited."""
        return sum(row.paused for row in self.rows)


def chart_of(job: JobView, points: Sequence[Point]) -> Chart | None:
    """Draw a job's rate; None where nothing is known or the run was too short."""
    if len(points) < 3 or points[-1].at - points[0].at < LEAST_SECONDS:
        return None
    begin, seen = points[0].at, points[-1].at
    band = _band(job)
    last = max(seen, *(band[1:] if band else ())) if band else seen
    wide = WIDE / (last - begin)
    slices = min(max(SLICES), max(min(SLICES), int((seen - begin) / 4)))
    step = (seen - begin) / slices
    rates = [_rate(points, begin + n * step, begin + (n + 1) * step) for n in range(slices)]
    most = max(*rates, 0.001)
    line = " ".join(
        f"{(n + 0.5) * step * wide:.1f},{HIGH - (HIGH - 8) * rate / most:.1f}" for n, rate in enumerate(rates)
    )
    now = (seen - begin) * wide
    return Chart(
        line=line,
        area=f"{step * wide / 2:.1f},{HIGH} {line} {now - step * wide / 2:.1f},{HIGH}",
        pauses=[Span((a - begin) * wide, max(1.0, (b - a) * wide)) for a, b in _pauses(points)],
        band=Span((band[0] - begin) * wide, max(2.0, (band[2] - band[0]) * wide)) if band else None,
        now=now if band else None,
        end=(band[1] - begin) * wide if band else None,
        most=most,
        mean=_rate(points, begin, seen),
        ticks=[datetime.fromtimestamp(begin + n * (last - begin) / 4, UTC) for n in range(5)],
        rows=_rows(points),
    )


def _band(job: JobView) -> tuple[float, float, float] | None:
    """Give the earliest, likeliest and latest end, in seconds since 1970."""
    if job.over or job.eta_seconds is None or job.early_seconds is None or job.late_seconds is None:
        return None
    now = datetime.now(UTC).timestamp()
    return now + job.early_seconds, now + job.eta_seconds, now + job.late_seconds


def _rows(points: Sequence[Point]) -> list[Row]:
    begin, step = points[0].at, (points[-1].at - points[0].at) / ROWS
    edges = [begin + n * step for n in range(ROWS + 1)]
    return [Row(datetime.fromtimestamp(a, UTC), _rate(points, a, b), _paused(points, a, b)) for a, b in pairwise(edges)]


def _rate(points: Sequence[Point], since: float, until: float) -> float:
    return max(0.0, passed_at(points, until) - passed_at(points, since)) / max(0.001, until - since)


def _paused(points: Sequence[Point], since: float, until: float) -> float:
    return sum(max(0.0, min(b, until) - max(a, since)) for a, b in _pauses(points))


def _pauses(points: Sequence[Point]) -> list[tuple[float, float]]:
    """Give the stretches in which some part waited, joined where they touch."""
    found: list[tuple[float, float]] = []
    for point, following in pairwise(points):
        if not point.held:
            continue
        if found and found[-1][1] == point.at:
            found[-1] = (found[-1][0], following.at)
        else:
            found.append((point.at, following.at))
    return found
