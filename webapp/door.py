"""Before Flask: a poll whose reader has what there is goes away again, for the price of a look into Redis at most.

Nothing is answered here that Flask has not answered to the same cookie within the last seconds: it said who asks and
that they may, and `Readers` still believes it. Whatever is not known here goes on to Flask.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis import Redis
from redis.exceptions import RedisError

from core.jobs import live
from webapp.readers import Readers, SignedIn

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Even when nothing changes, "3 s ago" must not stand for ever.
BUCKET_SECONDS = 10
SHARED_SECONDS = 0.1  # a hundred readers of a job need not ask Redis a hundred times a second
MOST = 5000
LONGEST = 4000  # characters of a request that are kept; who sends more asks Flask each time
NOT_MODIFIED = ("Cache-Control", "private, no-cache"), ("Vary", "Accept-Encoding, Cookie")
Asked = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What Flask has answered to one reader: the tag, and what must not have changed since; `reader` is how they were.

    A page that is drawn for an operator is not that of the same person as a viewer.
    """

    tag: str
    sid: str
    reader: SignedIn
    job_id: str
    revision: str
    bucket: int


class Door:
    """The portal behind a look at what its readers have."""

    def __init__(self, portal: WSGIApplication, redis: Redis, readers: Readers) -> None:
        self._portal = portal
        self._redis = redis
        self._readers = readers
        self._seen: dict[Asked, Seen] = {}
        self._revisions: dict[str, tuple[float, str | None]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        tag = environ.get("HTTP_IF_NONE_MATCH")
        seen = self._seen.get(_asked(environ)) if tag else None
        if seen is None or seen.tag != tag or not self._stands(seen):
            return self._portal(environ, start_response)
        start_response("304 NOT MODIFIED", [("ETag", seen.tag), *NOT_MODIFIED])
        return []

    def remember(self, environ: WSGIEnvironment, seen: Seen) -> None:
        """Know the next time what this reader has now."""
        asked = _asked(environ)
        if sum(len(text or "") for text in asked) > LONGEST:
            return
        if len(self._seen) >= MOST:
            self._seen.clear()  # at worst, everybody asks Flask once more
            self._revisions.clear()
        self._seen[asked] = seen

    def _stands(self, seen: Seen) -> bool:
        if seen.bucket != bucket() or self._readers.believed(seen.sid) != seen.reader:
            return False
        try:
            return self._revision(seen.job_id) == seen.revision
        except RedisError:
            return False

    def _revision(self, job_id: str) -> str | None:
        read_at, revision = self._revisions.get(job_id, (0.0, None))
        if time.monotonic() - read_at > SHARED_SECONDS:
            revision = live.revision(self._redis, job_id)
            self._revisions[job_id] = time.monotonic(), revision
        return revision


def bucket() -> int:
    """Count the spans of time in which ages are not drawn anew."""
    return int(time.time() // BUCKET_SECONDS)


def _asked(environ: WSGIEnvironment) -> Asked:
    """Give all of a request that its answer may depend on."""
    names = ("PATH_INFO", "QUERY_STRING", "HTTP_COOKIE", "HTTP_ACCEPT_LANGUAGE", "REQUEST_METHOD")
    return tuple(environ.get(name) for name in names)
