"""One person, drawn by the page and by the forms on it that cannot be used as they were sent."""

from __future__ import annotations

from collections.abc import Mapping

from flask import render_template
from flask_login import current_user

from core.access import is_last_admin
from core.models import Person
from webapp.extensions import db
from webapp.queries import audit, tokens

SHOWN = 8


def draw(person: Person, errors: Mapping[str, str], *, made: str | None = None) -> str:
    """Draw the page; `made` is a password to be shown this once."""
    session, target = db.session(), f"person:{person.name}"
    return render_template(
        "people/show.html",
        person=person,
        errors=errors,
        made=made,
        own=person.id == current_user.id,
        last_admin=is_last_admin(session, person),
        tokens=tokens.find_page(session, tokens.TokenFilter(owner=person.id, state="usable"), limit=SHOWN),
        trail=audit.find_page(session, audit.AuditFilter(target=target), limit=SHOWN),
    )


def line(person: Person) -> dict[str, object]:
    """Write a person as a row of a file."""
    names = ("id", "name", "role", "active", "created_at", "last_login")
    return {name: getattr(person, name) for name in names}
