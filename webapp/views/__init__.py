"""The pages, one noun a module."""

from __future__ import annotations

from flask import Flask

from webapp.views import (
    alerts,
    audit,
    cancellations,
    candidates,
    corrections,
    costs,
    embeddings,
    failure_acts,
    failures,
    files,
    finds,
    health,
    job_acts,
    jobs,
    keys,
    launches,
    overview,
    own_password,
    people,
    person_acts,
    preferences,
    queues,
    retries,
    saved_views,
    search_checks,
    sessions,
    settings,
    syncs,
    tokens,
    workers,
)

VIEWS = (
    overview,
    jobs,
    job_acts,
    retries,
    cancellations,
    failures,
    failure_acts,
    files,
    alerts,
    queues,
    workers,
    syncs,
    launches,
    candidates,
    costs,
    corrections,
    embeddings,
    finds,
    search_checks,
    saved_views,
    sessions,
    preferences,
    keys,
    own_password,
    people,
    person_acts,
    tokens,
    audit,
    settings,
    health,
)


def register(app: Flask) -> None:
    for view in VIEWS:
        app.register_blueprint(view.bp)
