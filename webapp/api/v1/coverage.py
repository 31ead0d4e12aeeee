"""Can recruiters find everyone? The coverage for scripts."""

from __future__ import annotations

from flask import Blueprint, Response

from webapp.api.answers.candidates import CoverageAnswer
from webapp.api.operation import operation, reply
from webapp.extensions import db
from webapp.queries import coverage

blueprint = Blueprint("coverage", __name__)


@blueprint.get("/coverage")
@operation("read", {200: (CoverageAnswer,)})
def show() -> Response:
    """Compare the candidates with the index: a snapshot, at most 5 s old while jobs run."""
    seen = coverage.show(db.session())
    return reply(CoverageAnswer.model_validate(seen) if seen else CoverageAnswer())
