"""The three walks as an operator takes them: through the pages, with a real worker behind them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from core import samples
from core.container import container
from core.models import Candidate, Failure, IndexState, Person
from core.samples.world import world
from core.search import search
from core.settings import Settings
from tests.factories import people
from tests.standins.cohere import CohereStandIn
from tests.walks.conftest import Platform, eventually
from tests.webapp.conftest import Visitor, enter
from webapp import close, create_app

FIELDS = [next(iter(field.values())).field for field in world().fields]
QUESTIONS = {
    "ingeniera de datos con experiencia en tuberías de datos": "data_engineering",
    "nurse with intensive care experience": "intensive_care_nursing",
}


@pytest.fixture
def local(settings_env: Callable[..., Settings], tmp_path: Path) -> Iterator[Platform]:
    """A platform on the embedder that needs no key."""
    settings = settings_env(EMBEDDER="local", LEASE_SECONDS=5)
    container.cache_clear()
    running = Platform(settings, tmp_path)
    yield running
    running.stop()
    container().close()
    container.cache_clear()


@contextmanager
def operator(platform: Platform) -> Iterator[Visitor]:
    """The portal in this process, and an operator who is signed in to it."""
    app = create_app(platform.settings)
    with platform.sessions.begin() as session:
        marta = Person(name="marta", role="operator", password_hash="-")
        session.add(marta)
    yield enter(app, marta)
    close(app)


def click(visitor: Visitor, path: str, **fields: object) -> str:
    """Press a button that launches something; return the address of the job's page."""
    answer = visitor.post(path, **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def watch(visitor: Visitor, page: str) -> tuple[str, list[float]]:
    """Poll the progress of a job as its page does, until it no longer asks to be polled; return what was seen."""
    seen: list[float] = []
    last, known = "", ""

    def over() -> bool:
        nonlocal last, known
        answer = visitor.get(f"{page}/progress", headers={"HX-Request": "true", "If-None-Match": known})
        if answer.status_code == 304:
            return False
        last, known = answer.text, answer.headers.get("ETag", "")
        if percent := re.search(r'id="percent">([\d.]+)', last):
            seen.append(float(percent[1]))
        return "hx-get" not in last

    eventually(over, seconds=100, what=f"the end of {page}")
    return last, seen


def fields_found(visitor: Visitor, question: str) -> list[str]:
    """Search in the portal; return the field of work of each of the first five."""
    page = visitor.get("/candidates", query_string={"q": question})
    assert page.status_code == 200
    return [FIELDS[(int(number) - 1) % len(FIELDS)] for number in re.findall(r">sample-(\d+)<", page.text)][:5]


def test_a_click_on_sync_ends_at_a_hundred_percent_and_people_are_found_by_meaning(local: Platform) -> None:
    with local.sessions.begin() as session:
        samples.load(session, 200)
    with operator(local) as marta:
        page = click(marta, "/sync", scope="all")
        assert click(marta, "/sync", scope="all") == page  # a second click is the same job
        local.worker()
        last, seen = watch(marta, page)
        assert "All 200 records are done." in last
        assert seen == sorted(seen)
        assert seen[-1] == 100
        for question, field in QUESTIONS.items():
            found = fields_found(marta, question)
            assert len(found) == 5
            assert found.count(field) >= 4, found


def test_an_edit_costs_one_text_and_who_opts_out_is_found_no_more(platform: Platform, cohere: CohereStandIn) -> None:
    with platform.sessions.begin() as session:
        ids = list(people(session, 50))
    platform.worker()
    platform.wait_over(platform.launch())
    calls = len(cohere.script.calls)

    again = platform.wait_over(platform.launch())
    assert (again.status, again.total, len(cohere.script.calls)) == ("completed", 0, calls)

    with platform.sessions.begin() as session:
        session.execute(update(Candidate).where(Candidate.id == ids[0]).values(summary="Repairs clocks."))
        session.execute(update(Candidate).where(Candidate.id == ids[1]).values(location="Lugo"))
        session.execute(update(Candidate).where(Candidate.id == ids[2]).values(opted_out=True))
    # Whoever has opted out is not shown from that moment on, though the point is still there.
    assert ids[2] not in {found.id for found in search("anybody", limit=50).items}
    edited = platform.wait_over(platform.launch())
    assert (edited.status, edited.total, edited.done) == ("completed", 3, 3), platform.said()
    asked = [call for call in cohere.script.calls[calls:] if call.input_type == "search_document"]
    assert [call.texts for call in asked] == [1]
    found = {found.id: found for found in search("anybody", limit=50).items}
    assert found.keys() == set(ids) - {ids[2]}
    assert found[ids[0]].passage == "Repairs clocks."
    with platform.sessions() as session:
        assert session.scalar(select(func.count()).select_from(IndexState)) == 49


def test_a_failed_record_is_mended_and_retried_from_the_page_of_failures(
    platform: Platform, cohere: CohereStandIn
) -> None:
    cohere.script.markers.append("REFUSES")
    with platform.sessions.begin() as session:
        ids = list(people(session, 100))
        session.execute(update(Candidate).where(Candidate.id == ids[7]).values(summary="The provider REFUSES this."))
    with operator(platform) as marta:
        page = click(marta, "/sync", scope="all")
        platform.worker()
        last, _ = watch(marta, page)
        assert "1 of 100 failed; the others are done." in last
        with platform.sessions() as session:
            failure = session.scalars(select(Failure)).one()
        assert (failure.record_id, failure.status) == (ids[7], "open")
        assert "REFUSES" not in failure.reason  # never the person's text
        assert failure.cause in marta.get("/failures").text

        with platform.sessions.begin() as session:
            session.execute(update(Candidate).where(Candidate.id == ids[7]).values(summary="Mended."))
        retried = click(marta, "/failures/retries", id=str(failure.id))
        last, _ = watch(marta, retried)
        assert "1 record is done." in last
        assert "Nothing is set aside" in marta.get("/failures").text
    assert ids[7] in {found.id for found in search("anybody", limit=100).items}
