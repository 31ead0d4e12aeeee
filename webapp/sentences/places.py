"""What may stand in the places of a sentence, by their names, and how each is said in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from babel.dates import get_month_names

from core.access import ROLES
from webapp import formatting
from webapp.causes import cause
from webapp.i18n import gettext, locale, ngettext, pgettext
from webapp.terms import PARAMETERS, step

NUMBER = r"\d[\d,]*(?:\.\d+)?"
TIME = r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d UTC"
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
FIELDS = "location|skills|languages|status|min_years|cause|step|job|record"


def number(value: str) -> str:
    """Write `1,234` and `1,234.50` as the reader does."""
    digits = len(value.partition(".")[2])
    plain = float(value.replace(",", ""))
    return formatting.decimal(plain, digits) if digits else formatting.number(int(plain))


def until(value: str) -> str:
    """Write a time behind `until` or `since`: some languages put an article before it."""
    shown = formatting.on_clock(value)
    if value[4:5] == "-":
        return pgettext("of another day, behind until or since", "%(time)s", time=shown)
    return pgettext("of today, behind until or since", "%(time)s", time=shown)


def at(value: str) -> str:
    """Write when something happened."""
    shown = formatting.on_clock(value)
    if value[4:5] == "-":
        return pgettext("of another day, when it happened", "%(time)s", time=shown)
    return pgettext("of today, when it happened", "%(time)s", time=shown)


def month(value: str) -> str:
    name: str = get_month_names(locale=locale())[MONTHS.index(value) + 1]
    return name


def role(value: str) -> str:
    return gettext(value) if value in ROLES else value


def fields(value: str) -> str:
    """Write what a job was limited to, `location Madrid, min_years 3`, with its fields and the codes in words."""

    def named(found: re.Match[str]) -> str:
        if found[2] == "min_years" and found[3].isdecimal():
            years = int(found[3])
            return found[1] + ngettext("at least %(num)s year of work", "at least %(num)s years of work", years)
        name = str(PARAMETERS.get(found[2]) or PARAMETERS[f"{found[2]}_id"]).lower()
        return f"{found[1]}{name} {_in_words(found[2], found[3])}"

    return re.sub(rf"(^|, )({FIELDS}) (\w*)", named, value)


def _in_words(field: str, value: str) -> str:
    if field == "cause":
        return f"“{cause(value)}”"
    return step(value).lower() if field == "step" else value


FORMS: Mapping[str, str] = {
    **dict.fromkeys(("n", "done", "total", "limit", "most", "parts", "spent", "amount", "hours"), NUMBER),
    **dict.fromkeys(("until", "at"), TIME),
    "month": "|".join(MONTHS),
    "day": r"\d{1,2}",
    "queue": r"\S+",
    "status": r"[a-z ]+|\d+",
}
WRITTEN: Mapping[str, Callable[[str], str]] = {
    **dict.fromkeys(("n", "done", "total", "limit", "most", "parts", "spent", "amount", "hours"), number),
    "until": until,
    "at": at,
    "month": month,
    "fields": fields,
    "needed": role,
    "role": role,
}
# Another sentence of the core stands there.
NESTED = frozenset({"why", "title", "status"})


def form(name: str) -> str:
    """Give the regular expression of what may stand in a place: anything, where its name says no more."""
    return FORMS.get(name, ".+?")
