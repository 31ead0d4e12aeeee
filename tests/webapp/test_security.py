"""What guards every page: policy, origin, token."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.webapp.conftest import Visitor
from webapp.headers import CSP


@pytest.mark.parametrize("path", ["/", "/jobs", "/candidates", "/failures", "/sync/new", "/nope", "/login"])
def test_every_page_has_the_strict_policy(operator: Visitor, path: str) -> None:
    headers = operator.get(path).headers

    assert headers["Content-Security-Policy"] == CSP
    assert "unsafe" not in CSP
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_pages_are_kept_by_nobody_and_polls_only_by_the_browser(operator: Visitor) -> None:
    assert operator.get("/jobs").headers["Cache-Control"] == "no-store"
    assert operator.get("/jobs/live").headers["Cache-Control"] == "private, no-cache"


def test_static_files_are_kept_for_ever_by_their_version(app: Flask) -> None:
    client = app.test_client()
    address = client.get("/login").text.split('rel="stylesheet" href="')[2].split('"')[0]

    assert "portal.css?v=" in address
    with client.get(address) as versioned, client.get("/static/css/portal.css") as bare:
        assert "immutable" in versioned.headers["Cache-Control"]
        assert "immutable" not in bare.headers["Cache-Control"]


def test_a_form_without_its_token_is_refused(operator: Visitor) -> None:
    answer = operator.client.post("/sync", data={"scope": "all"})

    assert answer.status_code == 400
    assert "load it anew" in answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_write_from_a_page_of_another_site_is_refused(operator: Visitor, site: str) -> None:
    sent = {"csrf_token": operator.token, "scope": "all"}

    answer = operator.client.post("/sync", data=sent, headers={"Sec-Fetch-Site": site})

    assert answer.status_code == 403


def test_a_request_id_goes_from_the_proxy_to_the_answer(viewer: Visitor) -> None:
    assert viewer.get("/jobs", headers={"X-Request-ID": "abc-12345"}).headers["X-Request-ID"] == "abc-12345"
    assert viewer.get("/jobs", headers={"X-Request-ID": "a b\n"[:3]}).headers["X-Request-ID"] != "a b"


def test_what_a_role_may_not_do_is_not_offered(viewer: Visitor) -> None:
    for path in ("/", "/jobs", "/candidates"):
        assert "/sync/new" not in viewer.get(path).text
