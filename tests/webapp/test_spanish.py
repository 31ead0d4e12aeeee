"""The portal in Spanish: no page is half English, people choose, numbers and days have their local form."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from rq import Worker, worker_registration
from rq.serializers import JSONSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from core.jobs import register
from core.models import Person, QueuePause
from tests.webapp.conftest import NO_POSTGRESQL, NO_QDRANT, NO_REDIS, Visitor, plain
from tests.webapp.spoken import Reader, words
from tests.webapp.spoken_rows import JOBS, NAME, TOLD, WORKER, fill
from webapp import formatting as write
from webapp.queries.job_filter import STATUSES
from webapp.queries.place import LISTS

IN_SPANISH = {"Accept-Language": "es-MX,es;q=0.9"}
COHERE = {"EMBEDDER": "cohere", "COHERE_API_KEY": "k" * 20, "MONTHLY_BUDGET": "12"}

# Names, and words that Spanish shares with English.
SHARED = words(
    "Vigía PostgreSQL Redis Valkey Qdrant Cohere RQ API CSV JSON JSONL Resume Python UTF UTC HTTPS USD kB MB ms min "
    "ATS CSRF JavaScript Enter Esc ReadTimeout ConnectError RecursionError embed cohere "
    "id Id ids Ids no No me ticker hash log token Token tokens Tokens error Error script scripts portal Portal "
    "local terminal vector alias cookies Proxies Info cursor ReadTimeout ConnectError RecursionError embed cohere "
    + socket.gethostname()
)
# What is typed as it is, whatever the reader's language: scopes of tokens, words of the search grammar.
CODES = words("read operate admin status kind user open after")
# Packages, and values of settings.
SETTINGS = words(
    "client flask psycopg rq redis sqlalchemy qdrant postgresql http json INFO candidates cohere embed env tests vigia"
)
# What else a page shows as it is: packages and values, or the states that may be typed.
STATES = words(" ".join([*STATUSES, *LISTS]))
QDRANT = words("Not found: Collection doesn't exist! COLLECTION")  # its own words
SHOWN = {"/settings": SETTINGS, "/jobs?q=status:Zzyx": STATES, "/candidates?state=Zzyx": STATES}
# 1,234 and 0.5, 2026-11-22, PM, 5%.
FOREIGN = re.compile(
    r"(?<![\w.-])\d{1,3}(?:,\d{3})+(?!\w)|(?<![\w.:-])\d+\.\d{1,2}(?![\w.:-])|\b\d{4}-\d\d-\d\d\b|\b[AP]M\b|\d%"
)
# What is no page, or says why it stays English.
NO_PAGES = {"static", "health.alive", "health.ready"}

# Each route that takes something, with what there is; a new one without a line here fails below.
ONES: dict[str, tuple[str, ...]] = {
    "jobs.show": tuple(f"/jobs/{{{name}}}" for name in [*JOBS, "bulk"]),
    "jobs.progress": ("/jobs/{running}/progress",),
    "jobs.list_records": ("/jobs/{mended}/records", "/jobs/{bulk}/records"),
    "jobs.list_parts": ("/jobs/{running}/parts", "/jobs/{queued}/parts"),
    "jobs.list_events": ("/jobs/{mended}/events",),
    "cancellations.new": ("/jobs/{running}/cancellations/new",),
    "queues.new_pause": ("/queues/jobs:etl/pauses/new", "/queues/Zzyx/pauses/new"),
    "workers.new_drain": (f"/workers/{WORKER}/drains/new", "/workers/Zzyx/drains/new"),
    "workers.new_stop": (f"/workers/{WORKER}/stops/new",),
    "launches.new": ("/launches/etl.embed/new", "/launches/etl.sync/new", "/launches/Zzyx/new"),
    "candidates.show": ("/candidates/{candidate}", "/candidates/{found}", "/candidates/999999"),
    "corrections.new": ("/candidates/{candidate}/corrections/new",),
    "people.show": ("/people/{person}", "/people/999999"),
    "person_acts.new_deactivation": ("/people/{person}/deactivations/new",),
    "tokens.show": ("/tokens/{token}", "/tokens/999999"),
    "tokens.new_revocation": ("/tokens/{token}/revocations/new",),
    "audit.show": ("/audit/{act}", "/audit/999999"),
}
# Others of the same pages: a list that is narrowed, or asked for what it does not have.
MORE = (
    *("/jobs?q=Zzyx", "/jobs?q=xx:1", "/jobs?q=status:Zzyx", "/jobs?status=failed", "/jobs?cursor=Zzyx"),
    *("/jobs/compare?id={failed}&id={mended}", "/jobs/compare", "/failures?cause=text_refused", "/failures?all=1"),
    *("/failures?job={mended}", "/candidates?state=failed", "/candidates?state=Zzyx", "/find?q=Zzyx", "/find"),
    *("/alerts?rule=queue_deep", "/audit?from=Zzyx", "/people?state=inactive", "/sync/new?from={mended}", "/Zzyx"),
    *("/costs?by=job", "/costs?by=person", "/jobs/{mended}/parts", "/candidates?state=stale"),
)
# Forms that are sent and refused, or ask once more.
SENT: tuple[tuple[str, dict[str, str]], ...] = (
    ("/sync", {"scope": "filter", "limit": "Zzyx", "min_years": "-1"}),
    ("/sync/previews", {"scope": "all"}),
    ("/launches/etl.embed", {"candidate_ids": "Zzyx"}),
    ("/queues/jobs:etl/pauses", {"reason": ""}),
    ("/queues/jobs:etl/resumptions", {}),
    ("/jobs/{completed}/cancellations", {"reason": TOLD}),
    ("/jobs/{running}/retries", {}),
    ("/people", {"name": "", "role": "Zzyx", "password": "1", "again": "2"}),
    ("/tokens", {"name": "", "scopes": "Zzyx", "days": "0"}),
    ("/password", {"current": "Zzyx", "password": "1", "again": "2"}),
    ("/views", {"page": "jobs", "name": ""}),
    ("/jobs/bulk/new", {"act": "retry", "every": "1"}),
    ("/jobs/bulk/new", {"act": "cancel", "id": "{running}"}),
    ("/jobs/bulk/new", {"act": "Zzyx"}),
    ("/failures/bulk/new", {"act": "discard", "every": "1"}),
    ("/failures/bulk/new", {"act": "retry", "every": "1"}),
    ("/embeddings", {}),
    ("/embeddings/new", {"candidate_ids": "{candidate}", "force": "1"}),
    ("/candidates/{candidate}/corrections", {"headline": TOLD * 20_000, "version": "Zzyx"}),
    ("/sync/previews", {"scope": "filter", "min_years": "3"}),
    ("/jobs/{failed}/retries", {"cause": "Zzyx"}),
    ("/failures/retries", {}),
    ("/workers/Zzyx/resumptions", {}),
)


@pytest.fixture
def reader(visitor: Callable[..., Visitor]) -> Visitor:
    return visitor("admin", NAME)


@pytest.fixture
def rows(session: Session) -> dict[str, Any]:
    return fill(session)


@pytest.fixture
def worker(redis: Redis) -> Iterator[Worker]:
    """A worker that is at work, so that pages have one to show."""
    worker = Worker(["jobs:etl"], name=WORKER, connection=redis, serializer=JSONSerializer)
    worker.register_birth()  # type: ignore[no-untyped-call]
    worker.set_state("busy")
    with redis.pipeline() as pipe:
        register.add(pipe, WORKER, {"version": "0.1.0", "memory": 210 * 2**20, "part_memory": 340 * 2**20})
        pipe.execute()
    yield worker
    worker_registration.unregister(worker)


def pages(app: Flask) -> list[Rule]:
    """Every route that gives a page: neither files, nor the API, nor the dashboard of another house."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and not rule.endpoint.startswith(("api.", "rq_dashboard."))
        and rule.endpoint not in NO_PAGES
        and "ending" not in rule.arguments
    ]


def addresses(app: Flask) -> list[str]:
    return [
        path for rule in pages(app) for path in (ONES.get(rule.endpoint, ()) if rule.arguments else (rule.rule,))
    ] + list(MORE)


def half(path: str, english: str, spanish: str) -> list[str]:
    """Name the words that a page should not say in both languages alike, and what has no local form."""
    known = SHARED | CODES | words(f"{TOLD} {NAME}") | SHOWN.get(path, set())
    known |= QDRANT if path.startswith("/candidates/") else set()
    numbers = [] if path == "/settings" else FOREIGN.findall(" ".join(Reader(spanish).said))  # there are versions
    return [f"{path}: {word}" for word in [*sorted((words(english) & words(spanish)) - known), *numbers]]


def left_in_english(visitor: Visitor | FlaskClient, *paths: str) -> list[str]:
    found = []
    for path in paths:
        english, spanish = (visitor.get(path, headers=how) for how in ({}, IN_SPANISH))
        assert english.status_code < 500, path
        if not english.location:
            found += half(path, english.text, spanish.text)
    return found


def test_every_page_is_walked(app: Flask) -> None:
    assert {rule.endpoint for rule in pages(app) if rule.arguments} == set(ONES)


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("app", [COHERE], indirect=True)
def test_no_page_is_half_english(app: Flask, reader: Visitor, rows: dict[str, Any]) -> None:
    assert left_in_english(reader, *(path.format(**rows) for path in addresses(app))) == []


def test_no_page_of_a_quiet_house_is_half_english(app: Flask, reader: Visitor) -> None:
    assert left_in_english(reader, *(rule.rule for rule in pages(app) if not rule.arguments)) == []


def test_no_refusal_is_half_english(reader: Visitor, rows: dict[str, Any], session: Session) -> None:
    session.add(QueuePause(queue="jobs:maintenance", paused_by=NAME, reason=TOLD))
    session.commit()
    found = []
    for path, form in SENT:
        fields = {name: value.format(**rows) for name, value in form.items()} | {"csrf_token": reader.token}
        answers = [reader.client.post(path.format(**rows), data=fields, headers=how).text for how in ({}, IN_SPANISH)]
        found += half(path, *answers)

    assert found == []


def test_what_a_viewer_may_not_is_said_in_their_language(viewer: Visitor) -> None:
    assert left_in_english(viewer, "/sync/new", "/people") == []


def test_the_way_in_is_not_half_english(app: Flask) -> None:
    assert left_in_english(app.test_client(), "/login") == []


@pytest.mark.parametrize("app", [NO_REDIS | NO_QDRANT], indirect=True)
def test_a_house_without_its_engines_is_not_half_english(reader: Visitor, rows: dict[str, Any]) -> None:
    paths = ("/", "/jobs", "/jobs/{queued}", "/jobs/{running}", "/queues", "/workers", "/settings", "/search/checks")
    assert left_in_english(reader, *(path.format(**rows) for path in paths)) == []


@pytest.mark.parametrize("app", [NO_POSTGRESQL], indirect=True)
def test_a_house_without_its_database_says_so_in_spanish(app: Flask) -> None:
    client = app.test_client()
    assert half("/login", *(client.post("/login", headers=how).text for how in ({}, IN_SPANISH))) == []


def test_people_choose_their_language_and_keep_it(viewer: Visitor, session: Session) -> None:
    english = viewer.get("/jobs").text
    assert '<html lang="en"' in english
    assert '<button type="submit" class="plain" name="language" value="es" lang="es">Español</button>' in english

    assert viewer.post("/preferences", language="es", back="/jobs").location == "/jobs"

    spanish = viewer.get("/jobs", headers={"Accept-Language": "en"}).text
    assert '<html lang="es"' in spanish
    assert "Trabajos" in spanish and 'lang="en">English</button>' in spanish
    assert session.scalars(select(Person.language)).one() == "es"


@pytest.mark.parametrize(
    ("browser", "lang"), [("es-AR", "es"), ("de, es;q=0.5, en;q=0.4", "es"), ("fr", "en"), ("", "en")]
)
def test_whoever_chose_none_gets_that_of_the_browser(app: Flask, browser: str, lang: str) -> None:
    page = app.test_client().get("/login", headers={"Accept-Language": browser})

    assert f'<html lang="{lang}"' in page.text
    assert "Iniciar sesión" in page.text if lang == "es" else "Sign in" in page.text


def test_numbers_days_and_amounts_have_their_local_form(app: Flask) -> None:
    then = datetime(2026, 11, 18, 11, 3, 40, tzinfo=UTC)
    with app.test_request_context(headers=IN_SPANISH | {"Cookie": "zone=Europe/Madrid"}):
        assert write.number(1_012_486) == "1.012.486"
        assert write.percent(61.35) == f"61,35{write.THIN}%"
        assert write.amount(0.95, "USD") == "0,95\N{NO-BREAK SPACE}US$"
        assert write.amount(0.00123, "USD") == "0,00123\N{NO-BREAK SPACE}US$"
        assert write.full(then) == "miércoles, 18 de noviembre de 2026, 12:03:40 CET"
        assert write.moment(then, datetime(2026, 12, 1, tzinfo=UTC)) == "18 nov 12:03"
        assert write.rate(14.31) == "14,3/s"
        assert write.ago(then, datetime(2026, 11, 18, 11, 3, 43, tzinfo=UTC)) == f"hace 3{write.THIN}s"


def test_an_error_of_the_core_is_said_in_spanish_with_what_it_names(viewer: Visitor) -> None:
    refused = plain(viewer.get("/sync/new", headers=IN_SPANISH))
    gone = plain(viewer.get("/candidates/999999", headers=IN_SPANISH))

    assert "No permitido Hace falta el rol operador; el de esta cuenta es lector." in refused
    assert "Eso no existe No existe el candidato 999999." in gone
