"""/search/checks: whether known people are found by their own text, now and before."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.errors import Refused, Unavailable
from core.models import SearchCheck
from core.search_check import check_now
from webapp import exports
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.queries import search_checks
from webapp.security import actor, role
from webapp.sentences import local

bp = Blueprint("search_checks", __name__)

FIELDS = ("id", "taken_at", "job_id", "requested_by", "collection", "model", "asked", "found", "k", "p50_ms", "p95_ms")


@bp.get("/search/checks")
@role("viewer")
def index() -> ResponseReturnValue:
    session, cursor = db.session(), request.args.get("cursor") or None
    page = search_checks.find_page(session, cursor=cursor)
    latest = page.items[0] if page.items and not cursor else None
    missed = search_checks.missed(session, latest) if latest else []
    return render_template("search_checks/index.html", page=page, latest=latest, missed=missed, cursor=cursor)


@bp.get("/search/checks.<any(csv, json):ending>")
@role("viewer")
def export(ending: str) -> ResponseReturnValue:
    """Give all checks as a file."""
    return exports.download("search-checks", ending, lambda session: map(_line, search_checks.each(session)))


@bp.post("/search/checks")
@role("operator")
def create() -> ResponseReturnValue:
    """Check now; what keeps it from being done is said on the page."""
    try:
        flash(*_told(check_now(actor())))
    except (Refused, Unavailable) as error:
        flash(_("The search could not be checked.") + " " + local(str(error)), "bad")
    return redirect(url_for("search_checks.index"), 303)


def _told(taken: SearchCheck) -> tuple[str, str]:
    """Say what came of a check, and how that looks."""
    if not taken.asked:
        return _("Nobody could be asked for: nobody is indexed, or no vector of their texts is kept."), "wait"
    said = _("Checked: %(found)s of %(asked)s found.", found=taken.found, asked=taken.asked)
    return said, "ok" if taken.found == taken.asked else "bad"


def _line(check: SearchCheck) -> dict[str, object]:
    missed = [person["id"] for person in check.people if person["rank"] is None]
    return {name: getattr(check, name) for name in FIELDS} | {"missed": missed}
