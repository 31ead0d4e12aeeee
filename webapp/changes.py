"""What an act changed, field by field, in words that fit into a table."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from core.models import AuditEvent
from webapp.formatting import NOTHING, number
from webapp.i18n import gettext as _
from webapp.sentences import local

LONGEST = 500  # characters of one value; the files have them whole
LISTED = 12


class Change(NamedTuple):
    """One field; what was not there before, or is not any more, is a dash."""

    field: str
    before: str
    after: str


def changes(event: AuditEvent) -> list[Change]:
    """List what an act changed: a filter of the templates."""
    before, after = _fields(event.before), _fields(event.after)
    return [Change(name, _said(before.get(name)), _said(after.get(name))) for name in before | after]


def _fields(value: Any) -> dict[str, Any]:
    """Take a value apart; one that has no fields is one itself, without a name."""
    if isinstance(value, dict):
        return value
    return {} if value is None else {"": value}


def _said(value: Any) -> str:
    match value:
        case None:
            return NOTHING
        case bool():
            return _("yes") if value else _("no")
        case str():
            return _cut(local(value)) or NOTHING
        case list() if all(isinstance(item, str | int | float) for item in value):
            shown = ", ".join(str(item) for item in value[:LISTED])
            more = len(value) - LISTED
            return _cut(shown) + (_(" and %(n)s more", n=number(more)) if more > 0 else "") or NOTHING
    return _cut(orjson.dumps(value, default=str).decode())


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"
