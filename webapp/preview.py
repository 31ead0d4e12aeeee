"""What a launch would do, for the form and for a dry run of the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from core.jobs.kind import JobKind, Payload, rivals_of
from core.jobs.preview import Preview, of_free, preview
from core.jobs.scope import Scope, counted, overlapping
from core.kinds import KINDS
from core.kinds.etl_sync import Sync
from core.ports import Collection
from core.settings import Settings
from webapp import costs_page
from webapp.extensions import db
from webapp.queries import coverage, current, wide_sync


def preview_of(kind: JobKind, payload: Payload) -> Preview:
    """Count and estimate, with the collection that readers search now. Changes nothing."""
    settings: Settings = current_app.extensions["settings"]
    session = db.session()
    collection = current.collection(session, settings)
    if not kind.indexes:
        return of_free(session, kind.split(payload, collection))
    rivals = overlapping(session, rivals_of(kind, KINDS))
    scope = _scope(session, kind, payload, rivals, collection)
    return preview(session, scope, settings, model=collection.model, overlapping=rivals)


def _scope(
    session: Session, kind: JobKind, payload: Payload, rivals: tuple[UUID, ...], collection: Collection
) -> Scope:
    seen = coverage.show(session)
    if isinstance(payload, Sync) and seen is not None and wide_sync.is_known(seen):
        return wide_sync.reckoned(session, payload, seen, rivals, collection)
    return counted(session, kind.split(payload, collection), rivals, collection)


def foretold(kind: JobKind, payload: Payload) -> dict[str, Any]:
    """Give the template what a launch would do, as of when, and how the month's money goes."""
    return {"preview": preview_of(kind, payload), "month": costs_page.month(), "at": datetime.now(UTC)}
