"""Polls that cost nothing while nothing has changed, and one drawing for all while something has."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from uuid import UUID

from flask import Response, current_app, make_response, request, session
from flask_login import current_user
from redis.exceptions import RedisError

from core.jobs import live
from webapp.door import Door, Seen, bucket
from webapp.drawings import Drawings
from webapp.extensions import redis
from webapp.i18n import locale, zone


def unless_same(revision: str | None, draw: Callable[[], str], *, shared: bool = False) -> Response:
    """Answer 304 when the reader has this revision, else what `draw` gives; None is always drawn.

    What a reader sees depends on who it is, on the language and on the clock: these are in the tag, with the address
    and what a proxy put before it. `shared` says that readers of one role, language and zone see the same: it is drawn
    for the first of them alone.
    """
    if revision is None:
        return _kept(make_response(draw()))
    address = request.root_path + request.full_path
    seen = (address, revision, current_user.role, str(locale()), str(zone()), str(bucket()))
    tag = hashlib.sha256("|".join((*seen, str(current_user.id))).encode()).hexdigest()[:24]
    if request.if_none_match.contains_weak(tag):
        response = make_response("", 304)
    else:
        drawings: Drawings = current_app.extensions["drawings"]
        response = make_response(drawings.get(seen, draw) if shared else draw())
    response.set_etag(tag, weak=True)
    return _kept(response)


def of_job(job_id: UUID, draw: Callable[[], str]) -> Response:
    """Answer a poll of a job's page: the next one is turned back at the door if its live copy is the same then."""
    revision = _revision(job_id)
    response = unless_same(revision, draw, shared=True)
    if revision is not None:
        reader = current_user._get_current_object()
        seen = Seen(response.headers["ETag"], session["sid"], reader, str(job_id), revision, bucket())
        door: Door = current_app.extensions["door"]
        door.remember(request.environ, seen)
    return response


def _revision(job_id: UUID) -> str | None:
    """Read when the live copy last changed; None without Redis, when the ledger is drawn each time."""
    try:
        return live.revision(redis, str(job_id))
    except RedisError:
        return None


def _kept(response: Response) -> Response:
    # `no-store` would forbid the browser to ask whether it has changed.
    response.headers["Cache-Control"] = "private, no-cache"
    return response
