"""Numbers, times and amounts as people of the reader's language write them. Filters of the templates."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from flask import Flask
from markupsafe import Markup, escape

from webapp.i18n import gettext as _
from webapp.i18n import locale, zone

NOTHING = "–"
THIN = " "  # a space that does not break: between a number and its unit


def register(app: Flask) -> None:
    times_of = (ago, clock, day, duration, full, moment, times, when)
    for made in (*times_of, amount, decimal, entry, number, percent, rate, rough, short_id):
        app.jinja_env.filters[made.__name__] = made


def number(value: float | None) -> str:
    """Write `1,012,486`; unknown is a dash."""
    return NOTHING if value is None else _written(value, "#,##0", locale())


def rough(value: float) -> str:
    """Write an estimate by its first two figures, `200,000`: more of them would claim to be counted."""
    return number(float(f"{value:.1e}"))


def decimal(value: float | None, digits: int = 1) -> str:
    """Write `14.3`."""
    return NOTHING if value is None else _written(value, "#,##0." + "0" * digits, locale())


def percent(value: float | None) -> str:
    """Write `61.3 %` of a value from 0 to 100, rounded down, so that only everything is 100 %."""
    if value is None:
        return NOTHING
    # The inner rounding takes off what binary fractions add: 65.6 is not 65.59.
    shown = _written(math.floor(round(value * 100, 6)) / 100, "#,##0.##", locale())
    return f"{shown}{THIN}%"


def rate(value: float | None) -> str:
    """Write `14.3/s`, or `41/min` where a second is too short."""
    if value is None:
        return NOTHING
    if 0 < value < 0.5:
        return _("%(n)s/min", n=decimal(value * 60))
    return _("%(n)s/s", n=number(value) if value >= 100 else decimal(value))


def duration(seconds: float | None) -> str:
    """Write `22 min 38 s`: two units at most, none below a second but `0.4 s`."""
    if seconds is None:
        return NOTHING
    if seconds < 10:
        return f"{decimal(seconds)}{THIN}s"
    days, rest = divmod(round(seconds), 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    units = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    first = next(i for i, (n, _unit) in enumerate(units) if n or i == 3)
    return " ".join(f"{number(n)}{THIN}{unit}" for n, unit in units[first : first + 2] if n)


def ago(then: datetime | None, now: datetime | None = None) -> str:
    """Write `just now`, `3 s ago`, `22 min ago`, `4 d ago`."""
    if then is None:
        return NOTHING
    seconds = max(0, round(((now or datetime.now(UTC)) - then).total_seconds()))
    if seconds < 1:
        return _("just now")
    steps = ((86400 * 2, 86400, "d"), (7200, 3600, "h"), (120, 60, "min"), (0, 1, "s"))
    _least, size, unit = next(step for step in steps if seconds >= step[0])
    return _("%(time)s ago", time=f"{number(seconds // size)}{THIN}{unit}")


def clock(then: datetime | None) -> str:
    """Write the clock time of today, `12:03:40`."""
    return NOTHING if then is None else _dated(then, "HH:mm:ss", zone(), locale())


def on_clock(said: str) -> str:
    """Put the times in a sentence of the ledger, `12:04:10 UTC`, on the reader's clock: `13:04:10 CET`.

    One with its day, `2026-11-23 12:04:10 UTC`, keeps a day: `23 Nov 13:04:10 CET`.
    """

    def here(found: re.Match[str]) -> str:
        try:
            then = datetime.fromisoformat(f"{found[1] or datetime.now(UTC).date()} {found[2]}+00:00")
        except ValueError:  # it only looks like a time
            return found[0]
        pattern = "d MMM HH:mm:ss" if found[1] else "HH:mm:ss"
        return f"{_dated(then, pattern, zone(), locale())} {then.astimezone(zone()):%Z}"

    return re.sub(r"\b(?:(\d{4}-\d\d-\d\d) )?(\d\d:\d\d:\d\d) UTC\b", here, said)


def moment(then: datetime | None, now: datetime | None = None) -> str:
    """Write `12:03` of today, `16 Nov 12:03` of this year, `16 Nov 2025` of another."""
    if then is None:
        return NOTHING
    here, today = then.astimezone(zone()), (now or datetime.now(UTC)).astimezone(zone())
    pattern = "HH:mm" if here.date() == today.date() else "d MMM HH:mm" if here.year == today.year else "d MMM y"
    return _dated(then, pattern, zone(), locale())


def day(value: date | str) -> str:
    """Write a day, also one as `2026-11-18`: `18 Nov 2026`."""
    return _day(value, locale())


def full(then: datetime) -> str:
    """Write the whole of it, with the zone: `Wednesday 18 November 2026, 12:03:40 CET`."""
    pattern = _("EEEE d MMMM y, HH:mm:ss")  # of Unicode's dates; words between them stand in '…'
    return f"{_dated(then, pattern, zone(), locale())} {then.astimezone(zone()):%Z}"


def when(then: datetime | None, style: str = "moment") -> str | Markup:
    """Draw a `<time>` that says moment, clock or ago, and the whole of it on hover."""
    if then is None:
        return NOTHING
    shown = {"moment": moment, "clock": clock, "ago": ago}[style](then)
    exact = then.astimezone(zone()).isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, full(then), shown)


def times(seconds: float | None, least: float | None = None, most: float | None = None) -> dict[str, str] | None:
    """Foretell an end that is `seconds` away: about when, and between which times; None when unknown."""
    if seconds is None:
        return None
    now = datetime.now(UTC)
    away = (seconds, seconds * 0.8 if least is None else least, seconds * 1.25 if most is None else most)
    about, early, late = (now + timedelta(seconds=one) for one in away)
    write = clock if seconds < 300 else moment
    return {"about": write(about), "early": write(early), "late": write(late)}


def amount(value: float | None, currency: str | None) -> str:
    """Write `$0.95`, in Spanish `0,95 US$`; what is less than a cent shows its first figures."""
    if value is None or currency is None:
        return NOTHING
    return _priced(value, currency, locale())


# How people tell of a place they worked or studied at; PostgreSQL keeps the keys of JSON in no such order.
TOLD = (
    *("title", "role", "position", "degree", "company", "employer", "organization", "institution", "school"),
    *("location", "dates", "period", "start", "from", "end", "to", "year", "summary", "description"),
)


def entry(item: object) -> str:
    """Write one entry of somebody's experience or education in a line, whatever its shape."""
    if not isinstance(item, Mapping):
        return str(item)
    names = [name for name in TOLD if name in item] + [name for name in item if name not in TOLD]
    said = (item[name] for name in names)
    return " · ".join(", ".join(map(str, one)) if isinstance(one, list) else str(one) for one in said if one)


def short_id(value: object) -> Markup:
    """Write the first eight characters of a long id."""
    return escape(str(value)[:8])


# A page writes the same few over and over, and one that is polled the same rows.


@lru_cache(4096)
def _written(value: float, pattern: str, how: Locale) -> str:
    return numbers.format_decimal(value, pattern, locale=how)


@lru_cache(4096)
def _priced(value: float, currency: str, how: Locale) -> str:
    digits = 2 if value == 0 or value >= 0.01 else 5
    pattern = how.currency_formats["standard"].pattern.replace("0.00", f"0.{'0' * digits}")
    return numbers.format_currency(value, currency, pattern, locale=how, currency_digits=False)


@lru_cache(4096)
def _dated(then: datetime, pattern: str, clock: ZoneInfo, how: Locale) -> str:
    return dates.format_datetime(then, pattern, tzinfo=clock, locale=how)


@lru_cache(4096)
def _day(value: date | str, how: Locale) -> str:
    return dates.format_date(date.fromisoformat(value) if isinstance(value, str) else value, "d MMM y", locale=how)
