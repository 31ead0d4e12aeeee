"""The pages, one noun a module."""

from __future__ import annotations

from flask import Flask

from webapp.views import (
    alerts,
    cancellations,
    candidates,
    embeddings,
    failures,
    finds,
    health,
    jobs,
    launches,
    overview,
    preferences,
    retries,
    saved_views,
    sessions,
    syncs,
)

VIEWS = (
    overview,
    jobs,
    retries,
    cancellations,
    failures,
    alerts,
    syncs,
    launches,
    candidates,
    embeddings,
    finds,
    saved_views,
    sessions,
    preferences,
    health,
)


def register(app: Flask) -> None:
    for view in VIEWS:
        app.register_blueprint(view.bp)
