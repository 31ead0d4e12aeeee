"""What an act changed, field by field, in words that fit into a table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from flask_babel import lazy_gettext, lazy_pgettext

from core.models import AuditEvent
from webapp.formatting import NOTHING, moment, number
from webapp.i18n import gettext as _
from webapp.sentences import local
from webapp.states import STATUS

LONGEST = 500  # characters of one value; the files have them whole
LISTED = 12
# A field without an entry is shown as it is.
FIELDS: Mapping[str, object] = {
    "role": lazy_gettext("role"),
    "active": lazy_gettext("active"),
    "sessions": lazy_gettext("sessions"),
    "name": lazy_gettext("name"),
    "scopes": lazy_gettext("scopes"),
    "person": lazy_gettext("person"),
    "expires": lazy_gettext("expires"),
    "revoked": lazy_gettext("revoked"),
    "kind": lazy_gettext("kind"),
    "title": lazy_gettext("title"),
    "status": lazy_gettext("status"),
    "paused": lazy_gettext("paused"),
    "reason": lazy_gettext("reason"),
    "by": lazy_gettext("by whom"),
    "order": lazy_gettext("order"),
    "query": lazy_gettext("query"),
    "theme": lazy_gettext("theme"),
    "language": lazy_gettext("language"),
    "version": lazy_gettext("version"),
    "asked": lazy_gettext("asked"),
    "imported": lazy_gettext("imported"),
    "updated": lazy_gettext("updated"),
    "unchanged": lazy_gettext("unchanged"),
    "rejected": lazy_gettext("rejected"),
    "loaded": lazy_gettext("loaded"),
    "finished": lazy_gettext("finished"),
    "headline.length": lazy_gettext("characters of the headline"),
    "summary.length": lazy_gettext("characters of the summary"),
    "skills.length": lazy_gettext("characters of the skills"),
    "experience.length": lazy_gettext("characters of the experience"),
    "education.length": lazy_gettext("characters of the education"),
    "found": lazy_gettext("found"),
}
MOMENTS = frozenset({"expires", "version"})
CODES: Mapping[str, Mapping[str, object]] = {
    "role": {"viewer": lazy_gettext("viewer"), "operator": lazy_gettext("operator"), "admin": lazy_gettext("admin")},
    "order": {"drain": lazy_gettext("drain"), "stop": lazy_gettext("stop")},
    "sessions": {"ended": lazy_pgettext("sessions", "ended")},
    "theme": {"light": lazy_gettext("light"), "dark": lazy_gettext("dark")},
}


class Change(NamedTuple):
    """One field; what was not there before, or is not any more, is a dash."""

    field: str
    before: str
    after: str


def changes(event: AuditEvent) -> list[Change]:
    """List what an act changed: a filter of the templates."""
    before, after = _fields(event.before), _fields(event.after)
    names = before | after
    return [Change(_field(name), _said(before.get(name), name), _said(after.get(name), name)) for name in names]


def _fields(value: Any) -> dict[str, Any]:
    """Take a value apart; one that has no fields is one itself, without a name."""
    if isinstance(value, dict):
        return value
    return {} if value is None else {"": value}


def _field(name: str) -> str:
    return str(FIELDS.get(name, name))


def _said(value: Any, name: str = "") -> str:
    match value:
        case None:
            return NOTHING
        case bool():
            return _("yes") if value else _("no")
        case str():
            return _cut(_in_words(value, name)) or NOTHING
        case list() if all(isinstance(item, str | int | float) for item in value):
            shown = ", ".join(str(item) for item in value[:LISTED])
            more = len(value) - LISTED
            return _cut(shown) + (_(" and %(n)s more", n=number(more)) if more > 0 else "") or NOTHING
    return _cut(orjson.dumps(value, default=str).decode())


def _in_words(value: str, name: str) -> str:
    """Say a code or a time in words; what people wrote stays as it is."""
    if name in MOMENTS and (then := _time(value)) is not None:
        return moment(then)
    if name == "status" and value in STATUS:
        return str(STATUS[value].word).lower()
    return local(value) if name == "title" else str(CODES.get(name, {}).get(value, value))


def _time(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"
