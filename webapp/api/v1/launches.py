"""A launch of any kind of job; the kinds that scripts use most have calls of their own beside it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import orjson
from flask import Blueprint, Response, g, request
from pydantic import BaseModel, Field, ValidationError

from core.errors import Invalid
from core.jobs.kind import JobKind, Payload
from core.jobs.launch import IdempotencyToken, Launched, launch
from core.kinds import KINDS
from webapp.api.answers.launches import LaunchAnswer, PreviewAnswer
from webapp.api.operation import operation, reply
from webapp.api.reading import Reason, Request, Words, invalid
from webapp.api.v1.jobs import launched
from webapp.extensions import db, redis
from webapp.preview import preview_of
from webapp.security import actor

blueprint = Blueprint("launches", __name__)


class LaunchRequest(Request):
    """A job of any kind: `payload` has the fields of its kind; `dry_run` only says what it would do."""

    kind: Words
    payload: dict[str, Any] = Field(default_factory=dict)
    dry_run: bool = False
    reason: Reason = ""


@blueprint.post("/jobs")
@operation("operate", {202: (LaunchAnswer,), 200: (LaunchAnswer, PreviewAnswer)}, problems=(429,), idempotent=True)
def create(body: LaunchRequest) -> Response:
    """Launch a job of any kind: 202 with the new job; 200 with that of the same scope that is not over."""
    kind = KINDS.get(body.kind)
    if kind is None:
        known = f"must be one of {', '.join(KINDS)}"
        raise Invalid(f"The kind {known}.", {"kind": known})
    return launch_or_preview(kind, _payload(kind, body.payload), body, dry_run=body.dry_run, reason=body.reason)


def launch_or_preview(kind: JobKind, payload: Payload, body: BaseModel, *, dry_run: bool, reason: str) -> Response:
    """Answer with the job, or with what it would do."""
    if dry_run:
        return reply(PreviewAnswer.model_validate(preview_of(kind, payload)))
    return launched(launch_for(kind, payload, body, reason))


def launch_for(kind: JobKind, payload: Payload, body: BaseModel, reason: str) -> Launched:
    """Launch for the token of this request, once for each Idempotency-Key."""
    key = _idempotency_key(body)
    return launch(db.session(), redis, kind, payload, actor=actor(), reason=reason, key=key)


def _payload(kind: JobKind, fields: dict[str, Any]) -> Payload:
    try:
        return kind.payload.model_validate_json(orjson.dumps(fields), strict=True)
    except ValidationError as error:
        raise invalid("The payload cannot be used", error, "payload") from None


def _idempotency_key(body: BaseModel) -> IdempotencyToken | None:
    """Read the Idempotency-Key; what it stands for is the call and its body, however that was spelt."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        rule = "must be 1 to 255 printable ASCII characters"
        raise Invalid(f"The Idempotency-Key {rule}.", {"Idempotency-Key": rule})
    said = json.dumps([request.path, body.model_dump(mode="json")], sort_keys=True)
    return IdempotencyToken(f"token:{g.token.id}", key, hashlib.sha256(said.encode()).hexdigest())
