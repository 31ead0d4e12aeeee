"""The filter of the audit, as it stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from core.errors import Invalid
from webapp.i18n import gettext as _
from webapp.i18n import zone
from webapp.queries.audit import AuditFilter

NAMES = ("who", "action", "target", "after", "before")
DAY = len("2026-11-22")
YEARS = range(1970, 3000)


def given(args: Mapping[str, str]) -> dict[str, str]:
    """Give what is filled in, as it was written."""
    return {name: args[name] for name in NAMES if args.get(name)}


def read(args: Mapping[str, str]) -> AuditFilter:
    """Read the filter; raise Invalid that names a day that is none. Days are those of the reader's clock."""
    errors: dict[str, str] = {}
    moments = {name: _moment(args.get(name, "").strip(), name, errors) for name in ("after", "before")}
    if errors:
        raise Invalid(_("Some fields need a second look."), errors)
    return AuditFilter(args.get("who", ""), args.get("action", ""), args.get("target", ""), **moments)


def _moment(written: str, name: str, errors: dict[str, str]) -> datetime | None:
    """Read a day or a moment; a day as `before` counts whole."""
    if not written:
        return None
    try:
        moment = datetime.fromisoformat(written)
        if moment.year not in YEARS:
            raise ValueError("no such year")
    except ValueError:
        errors[name] = _("“%(value)s” is not a day like 2026-11-22.", value=written[:40])
        return None
    if len(written) <= DAY and name == "before":
        moment = datetime.combine(moment.date() + timedelta(days=1), time())
    return moment if moment.tzinfo else moment.replace(tzinfo=zone())
