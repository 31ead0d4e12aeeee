"""The audit for scripts: who did what."""

from __future__ import annotations

from flask import Blueprint, Response
from pydantic import AwareDatetime, Field

from webapp.api.answers.access import AuditAnswer, AuditList
from webapp.api.operation import operation, reply
from webapp.api.reading import Cursor, Words
from webapp.extensions import db
from webapp.queries import audit
from webapp.queries.audit import AuditFilter

blueprint = Blueprint("audit", __name__)


class AuditQuery(Cursor):
    """Which acts: every given field must match."""

    who: Words = Field("", description="A whole name, as person, token:NAME or cli:NAME.")
    action: Words = Field("", description="How the action begins: job. or job.launch.")
    target: Words = Field("", description="What it was done to: an id or its beginning, person:, or person:NAME.")
    after: AwareDatetime | None = Field(None, description="At this time or later.")
    before: AwareDatetime | None = Field(None, description="Earlier than this time.")


@blueprint.get("/audit")
@operation("admin", {200: (AuditList,)})
def index(query: AuditQuery) -> Response:
    """List every write, newest first."""
    where = AuditFilter(query.who, query.action, query.target, query.after, query.before)
    page = audit.find_page(db.session(), where, query.cursor, query.limit)
    return reply(AuditList.of(page, AuditAnswer.model_validate))
