"""The rate of a job over its time, with its pauses and its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from core.jobs.track import Point
from tests.core.jobs.test_live import VIEW
from webapp.rate_chart import HIGH, WIDE, chart_of

NOW = datetime.now(UTC).timestamp()
STEADY = [Point(NOW - 60 + n, 5 * n, False) for n in range(61)]
RUNNING = replace(
    VIEW, total=600, done=300, skipped=0, failed=0, eta_seconds=60.0, early_seconds=54.0, late_seconds=66.0
)
OVER = replace(VIEW, status="completed", eta_seconds=None)


def test_a_steady_run_is_a_level_line() -> None:
    chart = chart_of(OVER, STEADY)

    assert chart is not None
    heights = {point.split(",")[1] for point in chart.line.split()}
    assert heights == {"8.0"}
    assert (round(chart.mean, 6), round(chart.most, 6)) == (5, 5)
    assert (chart.band, chart.now, chart.pauses, chart.paused) == (None, None, [], 0)


def test_the_end_lies_on_the_axis_of_the_rate() -> None:
    chart = chart_of(RUNNING, STEADY)

    assert chart is not None and chart.band is not None and chart.now is not None and chart.end is not None
    assert round(chart.band.x + chart.band.width) == WIDE
    assert 0 < chart.now < chart.band.x < chart.end < WIDE


def test_times_in_which_a_part_waited_are_shaded() -> None:
    points = [*STEADY[:20], *(Point(NOW - 40 + n, 100, True) for n in range(10)), *STEADY[31:]]

    chart = chart_of(OVER, points)

    assert chart is not None
    assert [round(pause.width / WIDE * 60) for pause in chart.pauses] == [11]
    assert round(chart.paused) == 11
    assert f",{HIGH}.0" in chart.line


def test_a_run_of_a_moment_has_no_chart() -> None:
    assert chart_of(OVER, STEADY[:3]) is None
    assert chart_of(OVER, []) is None
