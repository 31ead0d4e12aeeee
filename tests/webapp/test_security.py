"""What guards every page: policy, origin, token."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import AuditEvent
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


@pytest.mark.parametrize(
    ("app", "address"), [({}, "127.0.0.1"), ({"TRUSTED_PROXIES": 1}, "203.0.113.9")], indirect=["app"]
)
def test_an_address_is_believed_only_from_a_proxy_that_was_set(viewer: Visitor, session: Session, address: str) -> None:
    sent = {"csrf_token": viewer.token, "theme": "dark"}
    viewer.client.post("/preferences", data=sent, headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})

    assert session.scalars(select(AuditEvent.address)).one() == address


@pytest.mark.parametrize("app", [{"SECURE_COOKIES": "true"}], indirect=True)
def test_under_tls_the_cookie_is_bound_to_it(app: Flask) -> None:
    answer = app.test_client().get("/login", base_url="https://localhost")

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-vigia=")
    assert "Secure" in cookie
    assert "max-age" in answer.headers["Strict-Transport-Security"]
