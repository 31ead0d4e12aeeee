"""/candidates: everybody with their place in the index, the search over it, and one person."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from core.search import LONGEST_QUESTION
from webapp import candidate_filter, exports, finding, waiting, whereabouts
from webapp.extensions import db
from webapp.queries import candidates, coverage, jobs
from webapp.security import role

bp = Blueprint("candidates", __name__)

MOST_IN_FILE = 100_000


@bp.get("/candidates")
@role("viewer")
def index() -> ResponseReturnValue:
    if question := request.args.get("q", "").strip():
        answer = finding.ask(question)
        return render_template("candidates/found.html", question=question, answer=answer, longest=LONGEST_QUESTION)
    where, seen = candidate_filter.read(request.args), coverage.show(db.session())
    page = candidates.find_page(db.session(), where, seen, request.args.get("cursor") or None)
    return render_template("candidates/index.html", page=page, where=where, coverage=seen, longest=LONGEST_QUESTION)


@bp.get("/candidates/<int:candidate_id>")
@role("viewer")
def show(candidate_id: int) -> ResponseReturnValue:
    known = whereabouts.of(candidate_id, ask="ask" in request.args)
    waits = waiting.waits_of([known.hand.job]) if known.hand else {}
    shown = known.shown
    kept = jobs.kept(db.session(), (line.job_id for line in shown.history))
    return render_template(
        "candidates/show.html", known=known, shown=shown, person=shown.candidate, waits=waits, kept=kept
    )


@bp.get("/candidates/<int:candidate_id>/history.<any(csv, json):ending>")
@role("viewer")
def export_history(candidate_id: int, ending: str) -> ResponseReturnValue:
    """Give one person's index history as a file, newest first."""
    shown = candidates.show(db.session(), candidate_id, coverage.show(db.session()))
    return exports.download(f"candidate-{candidate_id}", ending, lambda session: map(asdict, shown.history))


@bp.get("/candidates.<any(csv, json):ending>")
@role("viewer")
def export(ending: str) -> ResponseReturnValue:
    """Give the people who match as a file, the newest 100,000 at most."""
    where, seen = candidate_filter.read(request.args), coverage.show(db.session())
    return exports.download(
        "candidates", ending, lambda session: map(asdict, candidates.each(session, where, seen, MOST_IN_FILE))
    )
