"""The OpenAPI document says what the API does, and the page says it to people."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS
from schemathesis.specs.openapi.schemas import OpenApiSchema
from sqlalchemy.orm import Session

from core.access import SYSTEM, create_person
from core.search import SearchAnswer
from tests.webapp.api.conftest import PREFIX, Script
from tests.webapp.api.test_rights import CALLS
from tests.webapp.factories import make_candidate, make_failure, make_job, make_part

PATHS = sorted({(method, re.sub(r"[0-9a-f-]{36}", "{job_id}", path.split("?")[0])) for method, path in CALLS})
# A cursor, 5.0 for a whole number, neither ids nor filter: a schema cannot say all that is refused.
EXCLUDED = [CHECKS.get_one("positive_data_acceptance")]


@pytest.fixture
def described(app: Flask) -> OpenApiSchema:
    return schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", app)


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_a_call_answers_as_the_document_says(
    described: OpenApiSchema, script: Callable[..., Script], session: Session, method: str, path: str
) -> None:
    job, candidate = make_job(session), make_candidate(session)
    make_failure(session, job, candidate.id)
    make_part(session, job, [candidate.id])
    session.commit()
    headers = {"Authorization": f"Bearer {script('admin').token}", "Accept-Encoding": "identity"}
    named = {"candidates/1": "candidate_id", "people/99": "person_id", "tokens/99": "token_id"}
    for noun, name in (named | {"queues/jobs:etl": "name", "workers/w-1": "name"}).items():
        path = path.replace(noun, f"{noun.split('/')[0]}/{{{name}}}")
    call = described[PREFIX + path][method]

    @given(case=call.as_strategy())
    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def check(case: schemathesis.Case) -> None:
        if "job_id" in case.path_parameters:
            case.path_parameters["job_id"] = str(job.id)
        case.call_and_validate(headers=headers, excluded_checks=EXCLUDED)

    with patch("webapp.api.v1.searches.search", return_value=SearchAnswer((), "local", 1.0)):
        check()


def test_the_document_names_the_scope_and_the_refusals_of_each_call(app: Flask) -> None:
    document: Any = app.test_client().get(f"{PREFIX}/openapi.json").json
    sync = document["paths"][f"{PREFIX}/etl/sync"]["post"]
    assert sync["security"] == [{"token": ["operate"]}]
    assert {"200", "202", "400", "401", "403", "413", "415", "422", "429", "503"} <= set(sync["responses"])
    assert "Idempotency-Key" in [parameter["name"] for parameter in sync["parameters"]]
    assert not sync["requestBody"]["required"]
    assert document["paths"][f"{PREFIX}/etl/embeddings"]["post"]["requestBody"]["required"]


def test_the_page_shows_every_call_and_every_object(app: Flask) -> None:
    client = app.test_client()
    document: Any = client.get(f"{PREFIX}/openapi.json").json
    page = client.get(f"{PREFIX}/")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    for path, calls in document["paths"].items():
        for method in calls:
            assert f"{method.upper()} {path}" in text
    for name in document["components"]["schemas"]:
        assert f'id="{name}"' in text
    for target in re.findall(r'href="#([^"]+)"', text):
        assert f'id="{target}"' in text


def test_the_page_obeys_the_strict_policy(app: Flask) -> None:
    page = app.test_client().get(f"{PREFIX}/")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    text = page.get_data(as_text=True)
    assert not re.search(r"<script(?![^>]*src=\"/)|\sstyle=|\son\w+=|https?://(?!localhost)", text)


def test_the_page_is_part_of_the_portal_for_whoever_is_signed_in(app: Flask, session: Session) -> None:
    create_person(session, "ana", "correct horse", "viewer", SYSTEM)
    session.commit()
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/login", data={"username": "ana", "password": "correct horse"})
    assert 'id="nav"' in client.get(f"{PREFIX}/").get_data(as_text=True)
    assert 'id="nav"' not in app.test_client().get(f"{PREFIX}/").get_data(as_text=True)
