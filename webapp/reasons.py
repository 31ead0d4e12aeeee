"""Why somebody does something, as the form says it."""

from __future__ import annotations

from flask import request

MOST = 1000


def reason() -> str:
    """Read the reason of this request: one that PostgreSQL can keep; empty where none is given."""
    return request.form.get("reason", "").replace("\0", "").strip()[:MOST]
