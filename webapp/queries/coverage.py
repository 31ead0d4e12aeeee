"""The last comparison of the candidates with the index, for the alias that readers use."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.coverage import CoverageView, snapshot
from core.settings import settings


def show(session: Session) -> CoverageView | None:
    """Read the snapshot; None before the first check."""
    return snapshot(session, settings().collection)


def collection(session: Session) -> str | None:
    """Name the collection behind the alias; None while there is none."""
    seen = show(session)
    return seen.collection if seen else None
