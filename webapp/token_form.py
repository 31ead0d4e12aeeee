"""The form of a new API token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from flask_babel import lazy_gettext
from flask_login import current_user

from core.access import SCOPES, allows, create_token
from core.errors import Invalid
from core.models import ApiToken, Person
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.security import actor

# For how many days; none is for ever.
LIFE = {
    "7": lazy_gettext("a week"),
    "30": lazy_gettext("30 days"),
    "90": lazy_gettext("90 days"),
    "365": lazy_gettext("a year"),
    "": lazy_gettext("for ever"),
}
USUAL = {"scopes": "read", "days": "90", "owner": "me"}
ABOUT = {
    "read": lazy_gettext("Sees jobs, failures, coverage and candidates."),
    "operate": lazy_gettext("Also launches, retries, cancels and discards."),
    "admin": lazy_gettext("Also people, tokens and the audit."),
}


def scopes() -> dict[str, object]:
    """Give the scopes that the reader may give away, and what each is for."""
    return {scope: ABOUT[scope] for scope, needed in SCOPES.items() if allows(current_user.role, needed)}


def make(form: Mapping[str, str]) -> tuple[ApiToken, str]:
    """Make the token that the form asks for; raise Invalid with a sentence beside each bad field."""
    errors = {}
    if form.get("scopes") not in scopes():
        errors["scopes"] = _("Choose one of these.")
    if form.get("days", "") not in LIFE:
        errors["days"] = _("Choose one of these.")
    if not form.get("name", "").strip():
        errors["name"] = _("Say what it is for.")
    if errors:
        raise Invalid(_("Some fields need a second look."), errors)
    session = db.session()
    # A token of nobody goes on working when people leave; only an admin may leave one behind.
    of_nobody = form.get("owner") == "nobody" and current_user.role == "admin"
    person = None if of_nobody else session.get_one(Person, current_user.id)
    return create_token(session, form["name"], [form["scopes"]], actor(), person=person, expires=_end(form))


def _end(form: Mapping[str, str]) -> datetime | None:
    days = form.get("days")
    return datetime.now(UTC) + timedelta(days=int(days)) if days else None
