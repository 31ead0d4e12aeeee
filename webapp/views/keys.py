"""/keys: the single keys. `?` shows the same list over any page."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from webapp import keys
from webapp.security import role

bp = Blueprint("keys", __name__)


@bp.get("/keys")
@role("viewer")
def index() -> ResponseReturnValue:
    return render_template("keys/index.html", acts=keys.ACTS, ways=keys.GO)
