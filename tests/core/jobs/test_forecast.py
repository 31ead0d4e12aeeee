"""The end of a job, foretold from how far it was, and when."""

from __future__ import annotations

import random

import pytest

from core.jobs.forecast import foretell
from core.jobs.track import Point

TOTAL, RATE, START = 3000, 25.0, 1_000_000.0
LASTS = 120.0  # seconds that 3,000 records take at this rate


def steady(share: float, *, startup: float = 0.0, jitter: float = 0.0) -> list[Point]:
    """A run that goes at one pace after its startup, seen in batches of 96, up to a share of its records."""
    dice = random.Random(7)
    points = [Point(START, 0, False)]
    for passed in range(96, int(TOTAL * share) + 96, 96):
        late = dice.uniform(0, jitter) * 96 / RATE
        points.append(Point(START + startup + passed / RATE + late, passed, False))
    return points


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.75])
@pytest.mark.parametrize("startup", [0.0, 2.0])
def test_the_end_of_a_steady_run_is_foretold_to_less_than_a_fifth(share: float, startup: float) -> None:
    points = steady(share, startup=startup, jitter=0.4)
    last = points[-1]
    left = startup + LASTS + START - last.at

    end = foretell(points, TOTAL, last.at)

    assert end is not None
    assert abs(end.about - left) < 0.2 * left
    assert end.early <= end.about <= end.late


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_the_band_of_a_steady_run_holds_its_end(share: float) -> None:
    points = steady(share, jitter=0.4)
    left = LASTS + START - points[-1].at

    end = foretell(points, TOTAL, points[-1].at)

    assert end is not None
    assert end.early <= left <= end.late


def test_time_that_has_passed_since_the_last_point_is_not_foretold_again() -> None:
    points = steady(0.5)

    end = foretell(points, TOTAL, points[-1].at + 10)
    before = foretell(points, TOTAL, points[-1].at)

    assert end is not None and before is not None
    assert end.about == pytest.approx(before.about - 10)


def test_a_slower_pace_is_soon_in_it() -> None:
    points = steady(0.25)
    points += [Point(points[-1].at + n, points[-1].passed + 5 * n, False) for n in range(1, 31)]

    end = foretell(points, TOTAL, points[-1].at)

    assert end is not None
    assert end.rate == pytest.approx(5, rel=0.2)


def test_an_uneven_pace_has_a_wider_band_than_a_steady_one() -> None:
    even = [Point(START + n, 20 * n, False) for n in range(60)]
    uneven = [Point(START + n, 20 * n + (80 if n // 8 % 2 else 0), False) for n in range(60)]

    calm, rough = foretell(even, TOTAL, START + 60), foretell(uneven, TOTAL, START + 60)

    assert calm is not None and rough is not None
    assert rough.late - rough.early > 1.5 * (calm.late - calm.early)


def test_a_job_that_waits_ends_so_much_later() -> None:
    points = steady(0.5)
    now = points[-1].at

    going, waiting = foretell(points, TOTAL, now), foretell(points, TOTAL, now, until=now + 60)

    assert going is not None and waiting is not None
    assert waiting.about == pytest.approx(going.about + 60)


@pytest.mark.parametrize("points", [[], [Point(START, 0, False)], [Point(START, 0, False), Point(START + 9, 0, False)]])
def test_nothing_done_foretells_nothing(points: list[Point]) -> None:
    assert foretell(points, TOTAL, START + 10) is None
