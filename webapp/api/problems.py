"""Errors as scripts get them: application/problem+json (RFC 9457), each with what is wrong and what helps."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from flask import Response, request
from flask_babel import force_locale
from pydantic import BaseModel, Field
from werkzeug.exceptions import HTTPException

from core.errors import AppError
from webapp.i18n import SOURCE
from webapp.trouble import Trouble, trouble_of

PREFIX = "/v1/admin"
MEDIA_TYPE = "application/problem+json"
# What the framework's or a page's own words would not tell a script.
CURES = {
    404: "There is nothing at this address. GET /v1/admin/openapi.json lists every call.",
    405: "This address does not take this method; the header Allow names those it takes.",
    413: "The body is larger than this server takes. Send fewer ids, or a filter instead of ids.",
    429: "Too many requests. Wait as long as Retry-After says.",
    500: "The server failed. The header X-Request-ID names this request in its log.",
}
# Headers that the protocol asks for with a status.
KEPT = ("WWW-Authenticate", "Allow", "Retry-After")

log = structlog.stdlib.get_logger("portal")


class FieldError(BaseModel):
    """One thing wrong with one field; `field` is its path in the body or the query."""

    field: str
    detail: str


class Problem(BaseModel):
    """An error: `type` is stable and made to compare with, `detail` says what is wrong here and what helps."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = Field(default_factory=list)


def answer(error: Exception) -> Response:
    """Turn an exception into its problem document."""
    with force_locale(SOURCE):  # scripts read one language, whatever their library sends
        trouble = trouble_of(error)
    if trouble.status >= 500:
        log.error("request failed", code=trouble.code, error=type(error).__name__, exc_info=trouble.status == 500)
    return _problem(trouble, _cure(error, trouble), _kept(error))


def asked() -> bool:
    """Say whether this request is for the API: also where it has no view."""
    return request.path.startswith("/v1/")


def _problem(trouble: Trouble, cure: str | None = None, headers: Mapping[str, str] | None = None) -> Response:
    body = Problem(
        type=f"urn:vigia:problem:{trouble.code}",
        title=HTTPStatus(trouble.status).phrase,
        status=trouble.status,
        detail=cure or trouble.detail,
        errors=[FieldError(field=field, detail=detail) for field, detail in trouble.errors.items()],
    )
    response = Response(body.model_dump_json(), trouble.status, content_type=MEDIA_TYPE)
    if trouble.retry_after is not None:
        response.headers["Retry-After"] = str(trouble.retry_after)
    response.headers.update(headers or {})
    return response


def _cure(error: Exception, trouble: Trouble) -> str | None:
    """Say what helps where nobody wrote that for scripts; None where the error's own sentence does."""
    if isinstance(error, AppError):
        return None
    if isinstance(error, HTTPException) and error.description not in (None, type(error).description):
        return None
    if trouble.retry_after and trouble.status == 503:
        return f"{trouble.title}. Try again in {trouble.retry_after} s."
    return CURES.get(trouble.status)


def _kept(error: Exception) -> dict[str, str]:
    if not isinstance(error, HTTPException):
        return {}
    return {name: value for name, value in error.get_headers() if name in KEPT}
