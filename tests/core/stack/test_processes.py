"""The portal's gunicorn, started as we start it, before an app that says what it was asked."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.stack.net import free_port
from core.stack.processes import gunicorn
from tests.core.stack.test_children import until

ECHO = """
import json
NAMES = ("SCRIPT_NAME", "PATH_INFO", "wsgi.url_scheme", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO")

def application(environ, start_response):
    start_response("200 OK", [])
    return [json.dumps({name: environ.get(name) for name in NAMES}).encode()]
"""


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[httpx.Client]:
    (tmp_path / "wsgi.py").write_text(ECHO)
    port = free_port()
    process = subprocess.Popen(gunicorn("127.0.0.1", port), cwd=tmp_path)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert until(lambda: answers(client))
        yield client
    process.terminate()
    process.wait(20)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/").is_success
    except httpx.TransportError:
        return False


def test_nobody_says_by_a_header_under_which_path_we_lie(portal: httpx.Client) -> None:
    for forged in ({"SCRIPT_NAME": "/jobs"}, {"SCRIPT_NAME": "/evil"}, {"PATH_INFO": "/evil", "REMOTE_USER": "admin"}):
        asked = json.loads(portal.get("/jobs/7", headers=forged).content)
        assert (asked["SCRIPT_NAME"], asked["PATH_INFO"]) == ("", "/jobs/7")


def test_what_a_proxy_says_of_address_and_scheme_comes_through(portal: httpx.Client) -> None:
    """How much of it is believed is for TRUSTED_PROXIES to say."""
    asked = json.loads(portal.get("/", headers={"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}).content)
    assert asked["HTTP_X_FORWARDED_FOR"] == "192.0.2.7"
    assert (asked["HTTP_X_FORWARDED_PROTO"], asked["wsgi.url_scheme"]) == ("https", "https")
