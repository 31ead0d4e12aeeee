"""/healthz: the portal runs. /readyz: it can do its work."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from webapp import dependencies
from webapp.security import public

bp = Blueprint("health", __name__)

NEEDED = {"PostgreSQL": "db", "Redis": "redis"}


@bp.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    """Say whether the portal can serve; answers within a second whatever hangs."""
    checks = {NEEDED[check.name]: check.ok for check in dependencies.look(patience=0.8) if check.name in NEEDED}
    status = 200 if all(checks.values()) else 503
    return jsonify(status="ready" if status == 200 else "not ready", **checks), status
