"""One line of log a request, with an id that the page, the audit and the log share."""

from __future__ import annotations

import re
import secrets
import time

import structlog
from flask import Response, g, request

from webapp.security import is_poll

log = structlog.stdlib.get_logger("portal")


def begin() -> None:
    """Give the request its id: the proxy's, or a new one."""
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if re.fullmatch(r"[A-Za-z0-9._-]{8,64}", given) else secrets.token_hex(6)
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def end(response: Response) -> Response:
    """Write the line. Never the query, the form or a cookie: they hold names and secrets."""
    quiet = is_poll() or request.endpoint in ("static", "health.alive", "health.ready")
    structlog.contextvars.bind_contextvars(request_id=g.get("request_id"))
    (log.debug if quiet and response.status_code < 400 else log.info)(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
        who=_who(),
        address=request.remote_addr,
    )
    return response


def _who() -> str | None:
    """Name the person or token, without asking a database that may be down."""
    if token := g.get("token"):
        return f"token:{token.name}"
    return getattr(g.get("_login_user"), "name", None)
