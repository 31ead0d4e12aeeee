"""Which collection readers search now, as the last comparison found it. The portal does not ask the index itself."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.coverage import snapshot
from core.models import IndexState
from core.ports import Collection
from core.settings import Settings


def collection(session: Session, settings: Settings) -> Collection:
    """Give the collection behind the alias; nameless while there is none, so that nobody counts as indexed."""
    known = snapshot(session, settings.collection)
    if known is None or known.collection is None:
        model = settings.embed_model if settings.embedder == "cohere" else settings.embedder
        return Collection("", model, settings.embed_dimension)
    dimension = session.scalar(select(IndexState.dimension).where(IndexState.collection == known.collection).limit(1))
    return Collection(known.collection, known.model or "", dimension or settings.embed_dimension)
