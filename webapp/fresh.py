"""Polls that cost nothing while nothing has changed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from flask import Response, make_response, request
from flask_login import current_user

from webapp.i18n import locale, zone

# Even when nothing changes, "3 s ago" must not stand for ever.
BUCKET_SECONDS = 10


def unless_same(revision: str | None, draw: Callable[[], str]) -> Response:
    """Answer 304 when the reader has this revision, else what `draw` gives; None is always drawn.

    What a reader sees depends on who it is, on the language and on the clock: these are in the tag.
    """
    if revision is None:
        return _kept(make_response(draw()))
    parts = (revision, current_user.id, current_user.role, locale(), zone(), time.time() // BUCKET_SECONDS)
    tag = hashlib.sha256("|".join(str(part) for part in parts).encode()).hexdigest()[:24]
    same = request.if_none_match.contains_weak(tag)
    response = make_response("", 304) if same else make_response(draw())
    response.set_etag(tag, weak=True)
    return _kept(response)


def _kept(response: Response) -> Response:
    # `no-store` would forbid the browser to ask whether it has changed.
    response.headers["Cache-Control"] = "private, no-cache"
    return response
