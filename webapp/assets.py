"""Static files with their hash in the address, so that a browser keeps them for ever and never keeps an old one."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache, lru_cache
from pathlib import Path

import brotli
from flask import Response, request, url_for

STATIC = Path(__file__).parent / "static"
ENCODINGS = ("br", "gzip")  # the better one first


def asset(name: str) -> str:
    """Give the address of a static file: `/static/portal.css?v=3f2a…`."""
    return _address(name, request.script_root)


def keep(response: Response) -> Response:
    """Let the browser keep a file that was asked for by its version."""
    if request.endpoint == "static" and response.status_code == 200 and "v" in request.args:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def pack(response: Response) -> Response:
    """Send a file of ours as small as it gets: packed once a process, with an effort that no page would be worth."""
    encoding = request.accept_encodings.best_match(ENCODINGS)
    if request.endpoint != "static" or response.status_code != 200 or encoding is None:
        return response
    tag, _ = response.get_etag()
    response.close()  # the file that Flask has opened
    response.direct_passthrough = False
    response.set_data(_packed((request.view_args or {})["filename"], encoding))
    response.set_etag(tag or "", weak=True)  # the same file in other bytes
    response.headers["Content-Encoding"] = encoding
    response.vary.add("Accept-Encoding")
    return response


@lru_cache(256)  # a proxy names the root
def _address(name: str, root: str) -> str:
    """Build it once for each `root` that a proxy may put before all addresses: each row of a list draws an icon."""
    return url_for("static", filename=name, v=_version(name))


@cache
def _packed(name: str, encoding: str) -> bytes:
    plain = (STATIC / name).read_bytes()
    packed: bytes = brotli.compress(plain, quality=11) if encoding == "br" else gzip.compress(plain, mtime=0)
    return packed


@cache
def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
