"""Static files with their hash in the address, so that a browser keeps them for ever and never keeps an old one."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Response, request, url_for

STATIC = Path(__file__).parent / "static"


def asset(name: str) -> str:
    """Give the address of a static file: `/static/portal.css?v=3f2a…`."""
    return url_for("static", filename=name, v=_version(name))


def keep(response: Response) -> Response:
    """Let the browser keep a file that was asked for by its version."""
    if request.endpoint == "static" and response.status_code == 200 and "v" in request.args:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@cache
def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
