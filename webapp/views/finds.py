"""/find: the box in the menu. An id goes straight to its page; words go to the list of people."""

from __future__ import annotations

import re

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from core.jobs.search import JobWhere
from webapp.extensions import db
from webapp.queries import jobs
from webapp.security import role

bp = Blueprint("finds", __name__)


@bp.get("/find")
@role("viewer")
def show() -> ResponseReturnValue:
    words = request.args.get("q", "").strip()[:200]
    if re.fullmatch(r"(?=.*[0-9])[0-9a-fA-F]{8}[0-9a-fA-F-]{0,28}", words) and not words.isdigit():
        found = jobs.find_page(db.session(), jobs.JobFilter(where=JobWhere(ids=(words,))), limit=2).items
        if len(found) == 1:
            return redirect(url_for("jobs.show", job_id=found[0].id))
    return redirect(url_for("candidates.index", text=words))
