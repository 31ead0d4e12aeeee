"""Error pages: what happened, what still works, what to do. Never a traceback."""

from __future__ import annotations

import structlog
from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError

from webapp import dependencies
from webapp.api import problems
from webapp.trouble import Trouble, trouble_of

log = structlog.stdlib.get_logger("portal")


def register(app: Flask) -> None:
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> Response:
    """Draw the page of an error, or let the API write its problem where the request was for that."""
    if problems.asked():
        return problems.answer(error)
    trouble = trouble_of(error)
    if trouble.status >= 500:
        log.error("request failed", code=trouble.code, error=type(error).__name__, exc_info=trouble.status == 500)
    page = render_template("errors/show.html", trouble=trouble, **_beside(error, trouble))
    response = make_response(page, trouble.status)
    if trouble.retry_after is not None:
        response.headers["Retry-After"] = str(trouble.retry_after)
    return response


def _beside(error: Exception, trouble: Trouble) -> dict[str, object]:
    """Say what the page shows beside the sentence: the dependencies for a 503, a way back for the rest."""
    return {
        "checks": dependencies.look(patience=1.0) if trouble.status == 503 else (),
        "expired": isinstance(error, CSRFError),
        "here": request.full_path.rstrip("?") if request.method == "GET" else None,
        "request_id": g.get("request_id", ""),
    }
