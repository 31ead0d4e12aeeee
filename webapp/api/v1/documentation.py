"""The description of the API: the OpenAPI document for programs, and a page made of it for people."""

from __future__ import annotations

import orjson
from flask import Blueprint, Response, current_app, render_template
from flask.typing import ResponseReturnValue

from webapp.api import document, reference
from webapp.security import public

blueprint = Blueprint("documentation", __name__)


@blueprint.get("/openapi.json")
@public
def show_document() -> Response:
    """Give the document; it holds the shape of the API and nothing of its contents."""
    made = document.make(current_app)
    return Response(orjson.dumps(made, option=orjson.OPT_INDENT_2), content_type="application/json")


@blueprint.get("/")
@public
def show() -> ResponseReturnValue:
    """Draw the document as a page."""
    made = document.make(current_app)
    return render_template(
        "api/show.html", about=made["info"], groups=reference.groups(made), schemas=reference.schemas(made)
    )
