"""The portal in Spanish: no page is half English, people choose, numbers and days have their local form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Alert, Person
from tests.webapp import factories
from tests.webapp.conftest import Visitor, plain
from tests.webapp.spoken import words
from tests.webapp.views.test_overview import compare
from webapp import formatting as write

IN_SPANISH = {"Accept-Language": "es-MX,es;q=0.9"}

# Sentences that the core composes are English in the ledger: titles and messages of jobs, events, reasons of failures,
# outcomes, alerts and their cures, acts' reasons. They are data until the ledger keeps codes and values instead; the
# rows of these tests say something that is of no language, so that whatever English is left is the portal's own.
TOLD, NAME = "Zzyx qwv", "Qwx Vzk"
# Names, and words that Spanish shares with English.
SHARED = words(
    "Vigía PostgreSQL Redis Valkey Qdrant Cohere RQ API CSV JSON JSONL Resume Python UTF UTC HTTPS kB MB ms min "
    "id Id ids Ids no No me ticker hash log token Token tokens Tokens error Error script scripts portal Portal "
    "local terminal vector alias cookies Proxies Info"
)
# What is typed as it is, whatever the reader's language: scopes of tokens, words of the search grammar.
CODES = words("read operate admin status kind user open")
# Packages, and values of settings.
SETTINGS = words(
    "client flask psycopg rq redis sqlalchemy qdrant postgresql http json INFO candidates cohere embed env tests vigia"
)


@pytest.fixture
def reader(visitor: Callable[..., Visitor]) -> Visitor:
    return visitor("admin", NAME)


@pytest.fixture
def rows(session: Session) -> dict[str, object]:
    """Something on each page, whose own words are of no language."""
    people = [
        factories.make_candidate(session, full_name=NAME, headline=TOLD, summary=TOLD, status=NAME) for _ in range(4)
    ]
    person = people[0]
    jobs = {}
    for state in ("queued", "running", "waiting", "cancelling", "cancelled", "failed", "completed"):
        ended = state in ("cancelled", "failed", "completed")
        job = factories.make_job(session, title=TOLD, status=state, requested_by=NAME, total=9, done=3, message="")
        job.started_at = factories.START if state != "queued" else None
        job.finished_at = datetime.now(UTC) if ended else None
        jobs[state] = job.id
    step = {"name": "embed", "status": "done", "total": 4, "done": 2, "skipped": 1, "failed": 1}
    job = factories.make_job(
        session,
        title=TOLD,
        status="completed_with_errors",
        requested_by=NAME,
        reason=TOLD,
        payload={"limit": 4, "force": True, "filter": {"min_years": 3}},
        total=4,
        done=2,
        skipped=1,
        failed=1,
        steps=[step],
        started_at=factories.START,
        finished_at=datetime.now(UTC),
    )
    factories.make_part(session, job, [one.id for one in people], status="done", done=2, skipped=1, failed=1)
    factories.make_event(session, job, TOLD)
    factories.make_failure(session, job, person.id, reason=TOLD)
    factories.make_failure(session, job, None, part=0, cause="cohere_unwell", reason=TOLD)
    factories.make_place(session, people[1])
    token = factories.make_token(session, name=NAME)
    someone = factories.make_person(session, name=f"{NAME} 2")
    act = factories.make_act(session, actor=NAME, target=f"person:{NAME}", before={"x": NAME}, after={"x": TOLD})
    session.add_all(
        [
            Alert(rule="queue_deep", subject="jobs:etl", sentence=TOLD, cure=TOLD),
            Alert(rule="worker_lost", sentence=TOLD, cure=TOLD, cleared_at=datetime.now(UTC)),
        ]
    )
    session.commit()
    compare(session)
    made = {"person": person, "found": people[1], "token": token, "someone": someone, "act": act, "job": job}
    return jobs | {name: row.id for name, row in made.items()}


LISTS = ("/", "/jobs", "/failures", "/candidates", "/alerts", "/queues", "/people", "/tokens", "/audit", "/settings")
FORMS = ("/password", "/sync/new", "/launches/etl.embed/new", "/people/new", "/tokens/new", "/no-such-page")
ONES = (
    *(
        "/jobs/{queued}",
        "/jobs/{running}",
        "/jobs/{waiting}",
        "/jobs/{cancelled}",
        "/jobs/{failed}",
        "/jobs/{completed}",
    ),
    *("/jobs/{running}/cancellations/new", "/jobs/compare?id={failed}&id={job}", "/queues/jobs:etl/pauses/new"),
    *("/jobs/{job}", "/jobs/{job}/records", "/jobs/{job}/events", "/failures?cause=text_refused", "/failures?all=1"),
    *("/candidates/{person}", "/candidates/{found}", "/people/{someone}", "/tokens/{token}", "/audit/{act}"),
    *("/people/{someone}/deactivations/new", "/tokens/{token}/revocations/new", "/jobs?q=zzz", "/jobs?q=xx:1"),
)


def left_in_english(visitor: Visitor | FlaskClient, *paths: str) -> list[str]:
    """Name the words that a page says in both languages alike, and should not."""
    found = []
    for path in paths:
        known = SHARED | CODES | words(f"{TOLD} {NAME}") | (SETTINGS if path == "/settings" else set())
        english, spanish = (words(visitor.get(path, headers=how).text) for how in ({}, IN_SPANISH))
        found += [f"{path}: {word}" for word in sorted((english & spanish) - known)]
    return found


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("paths", [LISTS, FORMS], ids=["lists", "forms"])
def test_no_page_is_half_english(reader: Visitor, paths: tuple[str, ...]) -> None:
    assert left_in_english(reader, *paths) == []


def test_no_page_of_one_thing_is_half_english(reader: Visitor, rows: dict[str, object]) -> None:
    assert left_in_english(reader, *(path.format(**rows) for path in ONES)) == []


def test_the_way_in_is_not_half_english(app: Flask) -> None:
    assert left_in_english(app.test_client(), "/login") == []


def test_no_empty_page_is_half_english(reader: Visitor) -> None:
    assert left_in_english(reader, *LISTS) == []


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

    assert "No permitido Hace falta el rol operator; el de esta cuenta es viewer." in refused
    assert "Eso no existe No existe el candidato 999999." in gone
