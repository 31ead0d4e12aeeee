"""What a launch would do, for the form and for a dry run of the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import current_app

from core.jobs.kind import JobKind, Payload, rivals_of
from core.jobs.preview import Preview, preview
from core.kinds import KINDS
from core.settings import Settings
from webapp import costs_page
from webapp.extensions import db
from webapp.queries import current


def preview_of(kind: JobKind, payload: Payload) -> Preview:
    """Count and estimate, with the collection that readers search now. Changes nothing."""
    settings: Settings = current_app.extensions["settings"]
    session = db.session()
    collection = current.collection(session, settings)
    rivals = rivals_of(kind, KINDS)
    return preview(session, kind, payload, collection, settings, rivals=rivals, model=collection.model)


def foretold(kind: JobKind, payload: Payload) -> dict[str, Any]:
    """Give the template what a launch would do, as of when, and how the month's money goes."""
    return {"preview": preview_of(kind, payload), "month": costs_page.month(), "at": datetime.now(UTC)}
