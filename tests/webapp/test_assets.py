"""Static files: small on the wire, and kept for ever by their version."""

from __future__ import annotations

import gzip
import re
from html import unescape

import brotli
import pytest
from flask import Flask
from redis import Redis
from sqlalchemy.orm import Session

from core.jobs import live
from core.jobs.view import view_of
from tests.webapp import factories
from tests.webapp.conftest import Visitor
from webapp.assets import STATIC

MOST_BYTES = 45_000  # of a first load, gzipped


@pytest.mark.parametrize(("encoding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_a_file_comes_packed_as_the_browser_wants(app: Flask, encoding: str, unpack: object) -> None:
    assert callable(unpack)
    answer = app.test_client().get("/static/js/polls.js", headers={"Accept-Encoding": encoding})

    assert (answer.status_code, answer.headers["Content-Encoding"]) == (200, encoding)
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert unpack(answer.data) == (STATIC / "js/polls.js").read_bytes()


def test_a_file_that_is_known_is_not_sent_again(app: Flask) -> None:
    client, wants = app.test_client(), {"Accept-Encoding": "br"}
    tag = client.get("/static/js/polls.js", headers=wants).headers["ETag"]

    with client.get("/static/js/polls.js", headers=wants | {"If-None-Match": tag}) as again:
        assert (again.status_code, again.data) == (304, b"")


def test_who_unpacks_nothing_gets_it_plain(app: Flask) -> None:
    with app.test_client().get("/static/js/polls.js", headers={"Accept-Encoding": "identity"}) as answer:
        assert "Content-Encoding" not in answer.headers
        assert answer.data == (STATIC / "js/polls.js").read_bytes()


def test_a_first_load_is_light_for_a_browser_that_knows_gzip_alone(
    admin: Visitor, session: Session, redis: Redis
) -> None:
    """Browsers ask for Brotli under TLS and on their own machine; elsewhere gzip is all they know."""
    job = factories.make_job(session, status="running", total=200, done=20)
    factories.make_part(session, job, list(range(200)), status="running")
    session.commit()
    live.publish(redis, view_of(job))

    for path in ("/", "/jobs", f"/jobs/{job.id}", "/failures"):
        page = admin.get(path)
        files = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page.text))
        sizes = [_size(admin, address) for address in {path, *map(unescape, files)}]
        assert len(sizes) > 8
        assert sum(sizes) < MOST_BYTES, path


def _size(visitor: Visitor, address: str) -> int:
    return len(visitor.get(address, headers={"Accept-Encoding": "gzip"}).data)
