"""/find: the box in the menu. What means one thing is opened at once; who is not found is looked for further."""

from __future__ import annotations

import re
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.jobs.search import JobWhere
from webapp import lost_and_found
from webapp.extensions import db
from webapp.queries import jobs
from webapp.queries.job_filter import JobFilter
from webapp.security import role

bp = Blueprint("finds", __name__)


@bp.get("/find")
@role("viewer")
def show() -> ResponseReturnValue:
    words = request.args.get("q", "").strip()[:200]
    if job_id := _job(words):
        return redirect(url_for("jobs.show", job_id=job_id))
    people = lost_and_found.find(words)
    if people.one is not None:
        return redirect(url_for("candidates.show", candidate_id=people.one))
    if people.text is not None:
        return redirect(url_for("candidates.index", text=people.text or None))
    return render_template("finds/nobody.html", words=words, looked=people)


def _job(words: str) -> UUID | None:
    """Find the one job that an id, or the beginning of one, means."""
    if not re.fullmatch(r"(?=.*[0-9])[0-9a-fA-F]{8}[0-9a-fA-F-]{0,28}", words) or words.isdigit():
        return None
    found = jobs.find_page(db.session(), JobFilter(where=JobWhere(ids=(words,))), limit=2).items
    return UUID(found[0].id) if len(found) == 1 else None
