"""rq-dashboard at /rq/: behind the login, read-only below admin, and with its holes closed.

As shipped (0.9.0) it draws exception texts as HTML, requeues on GET, has no protection against forged requests, and
unpickles what Redis holds. Here its templates escape by default (`templates/rq_dashboard/`), only POST changes
anything, and only JSON is read.
"""

from __future__ import annotations

import re
import secrets

import rq.serializers
import rq_dashboard.web
from flask import Flask, Response, g, request
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from redis import Redis
from werkzeug.exceptions import MethodNotAllowed, NotFound

from core import access
from webapp.extensions import db, login_manager
from webapp.security import SAFE_METHODS, actor, require

PREFIX = "/rq"
NAME = "rq_dashboard"
# Its templates are compiled by Underscore in the browser, which needs eval; its scripts carry a nonce.
CSP = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
# Its pages style three buttons inline, which the policy forbids; rq.css does the same.
STYLES = re.compile(r' style="[^"]*"')


def mount(app: Flask, client: Redis) -> None:
    """Register the dashboard and its guard. It gets our client: its own would be a new pool for each request."""
    _read_json_only()
    board = rq_dashboard.web.blueprint
    before = board.before_request_funcs.get(None, [])
    if rq_dashboard.web.push_rq_connection in before:
        before.remove(rq_dashboard.web.push_rq_connection)
    app.config["RQ_DASHBOARD_REDIS_URL"] = ("redis",)  # only shown; the real one may hold a password
    app.redis_conn = client  # type: ignore[attr-defined]  # where the dashboard looks for it
    app.before_request(_guard)
    app.after_request(_dress)
    app.register_blueprint(board, url_prefix=PREFIX)


def nonce() -> str:
    """Give the nonce of this answer's scripts."""
    if "rq_nonce" not in g:
        g.rq_nonce = secrets.token_urlsafe(16)
    return str(g.rq_nonce)


def _guard() -> Response | None:
    if request.blueprint != NAME:
        return None
    if not current_user.is_authenticated:
        return login_manager.unauthorized()  # type: ignore[no-any-return]
    require("viewer")
    if (request.view_args or {}).get("instance_number", 0) != 0:
        raise NotFound
    if request.endpoint == f"{NAME}.requeue_all" and request.method in SAFE_METHODS:
        raise MethodNotAllowed(["POST"])
    if request.method not in SAFE_METHODS:
        require("admin")
        access.record(db.session(), actor(), "rq.write", request.path)
        db.session.commit()
    return None


def _dress(response: Response) -> Response:
    """Give its pages their own policy, and its scripts the token that every write must carry."""
    if request.blueprint == NAME and response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = CSP.format(nonce=nonce())
        response.set_data(STYLES.sub("", response.get_data(as_text=True)))
        if current_user.is_authenticated:
            response.set_cookie(
                "_csrf_token", generate_csrf(), path=PREFIX, samesite="Strict", secure=request.is_secure
            )
    return response


def _read_json_only() -> None:
    """Let neither rq nor the dashboard unpickle in this process, whatever a job's hash says."""
    rq.serializers.DefaultSerializer = rq.serializers.PickleSerializer = rq.serializers.JSONSerializer  # type: ignore[misc, assignment]
    rq_dashboard.web.config.serializer = rq.serializers.JSONSerializer
