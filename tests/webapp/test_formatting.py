"""How numbers and times are written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import Babel

from webapp import formatting as write
from webapp import i18n

NOW = datetime(2026, 11, 18, 11, 3, 40, tzinfo=UTC)


@pytest.fixture(autouse=True)
def reader() -> Iterator[None]:
    """An English reader in Madrid."""
    app = Flask(__name__)
    Babel(app, locale_selector=i18n.language)
    with app.test_request_context(headers={"Cookie": "zone=Europe/Madrid"}):
        yield


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (61.0, "61 %"),
        (61.35, "61.35 %"),
        (65.6, "65.6 %"),
        (99.999, "99.99 %"),
        (100, "100 %"),
        (0, "0 %"),
        (None, "–"),
    ],
)
def test_only_everything_is_a_hundred_percent(value: float | None, written: str) -> None:
    assert write.percent(value) == written


@pytest.mark.parametrize(("value", "written"), [(198_432, "200,000"), (10_001, "10,000"), (1_249_000, "1,200,000")])
def test_an_estimate_claims_two_figures(value: float, written: str) -> None:
    assert write.rough(value) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.42, "0.4 s"),
        (38, "38 s"),
        (60, "1 min"),
        (1358, "22 min 38 s"),
        (7260, "2 h 1 min"),
        (90061, "1 d 1 h"),
        (None, "–"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float | None, written: str) -> None:
    assert write.duration(seconds) == written


@pytest.mark.parametrize(
    ("value", "written"), [(14.31, "14.3/s"), (441.2, "441/s"), (0.2, "12.0/min"), (None, "–"), (0, "0.0/s")]
)
def test_a_rate_is_by_the_second_or_by_the_minute(value: float | None, written: str) -> None:
    assert write.rate(value) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.2, "just now"),
        (3, "3 s ago"),
        (1358, "22 min ago"),
        (9000, "2 h ago"),
        (400_000, "4 d ago"),
        (-5, "just now"),
    ],
)
def test_the_past_is_told_in_one_unit(seconds: float, written: str) -> None:
    assert write.ago(NOW - timedelta(seconds=seconds), NOW) == written


def test_times_are_by_the_readers_clock() -> None:
    assert write.clock(NOW) == "12:03:40"
    assert write.moment(NOW, NOW) == "12:03"
    assert write.moment(NOW - timedelta(days=2), NOW) == "16 Nov 12:03"
    assert write.moment(NOW - timedelta(days=400), NOW) == "14 Oct 2025"


def test_a_time_tells_all_of_itself_to_whoever_asks() -> None:
    drawn = write.when(NOW, "clock")

    assert drawn == (
        '<time datetime="2026-11-18T12:03:40+01:00" title="Wednesday 18 November 2026, 12:03:40 CET">12:03:40</time>'
    )


@pytest.mark.parametrize("cookie", ["zone=../../etc/passwd", "zone=Nowhere/Atall", "zone=", "zone=%00"])
def test_a_zone_that_is_none_is_utc(cookie: str) -> None:
    with Flask(__name__).test_request_context(headers={"Cookie": cookie}):
        assert i18n.zone().key == "UTC"


def test_an_end_is_a_time_and_a_band() -> None:
    end = write.times(3600)

    assert end is not None
    assert set(end) == {"about", "early", "late"}
    assert write.times(None) is None


@pytest.mark.parametrize(
    ("value", "written"), [(0.95, "$0.95"), (1234.5, "$1,234.50"), (0.00005, "$0.00005"), (0, "$0.00"), (None, "–")]
)
def test_amounts_below_a_cent_show_their_first_figures(value: float | None, written: str) -> None:
    assert write.amount(value, "USD") == written


@pytest.mark.parametrize(
    ("item", "written"),
    [
        ({"company": "Banco", "title": "Analyst", "z": "more"}, "Analyst · Banco · more"),
        ({"title": None, "tags": ["a", "b"]}, "a, b"),
        ("text", "text"),
        (3, "3"),
    ],
)
def test_an_entry_of_any_shape_is_a_line(item: object, written: str) -> None:
    assert write.entry(item) == written
