"""/candidates: everybody with their place in the index, the search over it, and one person."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from core.coverage import CoverageView, snapshot
from core.search import LONGEST_QUESTION
from webapp import candidate_filter, finding
from webapp.extensions import db
from webapp.queries import candidates, jobs
from webapp.security import role

bp = Blueprint("candidates", __name__)


@bp.get("/candidates")
@role("viewer")
def index() -> ResponseReturnValue:
    if question := request.args.get("q", "").strip():
        answer = finding.ask(question)
        return render_template("candidates/found.html", question=question, answer=answer, longest=LONGEST_QUESTION)
    where, coverage = candidate_filter.read(request.args), _coverage()
    page = candidates.find_page(db.session(), where, coverage, request.args.get("cursor") or None)
    return render_template("candidates/index.html", page=page, where=where, coverage=coverage, longest=LONGEST_QUESTION)


@bp.get("/candidates/<int:candidate_id>")
@role("viewer")
def show(candidate_id: int) -> ResponseReturnValue:
    shown = candidates.show(db.session(), candidate_id, _coverage())
    under_way = [job for job in jobs.open_jobs(db.session()) if job.kind in ("etl.sync", "etl.embed")]
    return render_template("candidates/show.html", shown=shown, person=shown.candidate, under_way=under_way)


def _coverage() -> CoverageView | None:
    return snapshot(db.session(), current_app.extensions["settings"].collection)
