"""The first version of the API, one noun a module."""

from __future__ import annotations

from flask import Blueprint, Flask

from webapp.api import problems
from webapp.api.v1 import (
    alerts,
    audit,
    candidates,
    costs,
    coverage,
    documentation,
    etl,
    failures,
    jobs,
    launches,
    people,
    queues,
    search_checks,
    searches,
    tokens,
    workers,
)
from webapp.extensions import csrf

NOUNS = (
    etl,
    launches,
    jobs,
    failures,
    alerts,
    coverage,
    costs,
    queues,
    workers,
    candidates,
    searches,
    search_checks,
    people,
    tokens,
    audit,
    documentation,
)


def register(app: Flask) -> None:
    """Put the calls under /v1/admin. Tokens open them and cookies never do, so no page of another site can."""
    api = Blueprint("api", __name__, url_prefix=problems.PREFIX)
    api.register_error_handler(Exception, problems.answer)
    for noun in NOUNS:
        api.register_blueprint(noun.blueprint)
        csrf.exempt(noun.blueprint)
    app.register_blueprint(api)
