"""What is wrong and what was, for scripts."""

from __future__ import annotations

from flask import Blueprint, Response
from pydantic import Field

from webapp.api.answers.alerts import AlertAnswer, AlertList
from webapp.api.operation import operation, reply
from webapp.api.reading import Cursor, Words
from webapp.extensions import db
from webapp.queries import alerts
from webapp.queries.alerts import AlertFilter

blueprint = Blueprint("alerts", __name__)


class AlertQuery(Cursor):
    """Which alerts."""

    open: bool | None = Field(None, description="true: those that stand; false: those that are over.")
    rule: Words | None = Field(None, description="The name of a rule, as queue_deep.")
    subject: Words | None = Field(None, description="What it is about: a job's id, a queue, a worker.")


@blueprint.get("/alerts")
@operation("read", {200: (AlertList,)})
def index(query: AlertQuery) -> Response:
    """List alerts, newest first: each fires once and is cleared once."""
    where = AlertFilter(query.open, query.rule, query.subject)
    return reply(
        AlertList.of(alerts.find_page(db.session(), where, query.cursor, query.limit), AlertAnswer.model_validate)
    )
