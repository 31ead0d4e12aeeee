"""Can this person be found? The answer of the page and of its twin, from what each part of us knows."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy.orm import Session

from core import coverage, point
from core.errors import Unavailable
from core.models import Candidate
from core.point import Near, PointNow, Rank, TextNow
from core.ports import Collection
from tests.webapp import factories
from tests.webapp.conftest import NO_QDRANT, NO_REDIS, Visitor, plain

TEXT = TextNow(120, False, (b"c" * 32).hex(), np.ones(512, np.float32))
POINT = PointNow(
    collection="c1",
    id=uuid.UUID(int=7),
    there=True,
    payload={"content_hash": (b"c" * 32).hex(), "location": "<b>Vigo</b>"},
    size=512,
    norm=1.0,
    numbers=(0.1, 0.2, 0.3),
    own=Rank(2, 0.98, 100),
    nearest=(),
    took_ms=3.0,
)


@pytest.fixture
def person(session: Session) -> Candidate:
    person = factories.make_candidate(session, full_name="Ana López", headline="Nurse")
    factories.make_place(session, person)
    compare(session)
    return person


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the index hold this point, and the text be this one."""

    def see(text: TextNow = TEXT, **changes: Any) -> None:
        monkeypatch.setattr(point, "look", lambda *_: replace(POINT, **changes))
        monkeypatch.setattr(point, "text_now", lambda *_: text)
        monkeypatch.setattr(point, "free_to_ask", lambda: True)
        monkeypatch.setattr(point, "rank_of", lambda *_: Rank(38, 0.764, 100))

    return see


def compare(session: Session) -> None:
    session.commit()
    coverage.check(session, "candidates", Collection("c1", "local", 512), points=994_827)


def shown(viewer: Visitor, person: Candidate) -> str:
    return plain(viewer.get(f"/candidates/{person.id}"))


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, "Can be found."),
        ({"there": False, "size": 0, "own": None}, "Cannot be found: the index has lost the point."),
        ({"size": 256}, "the point has no vector that can be searched."),
        ({"payload": {"content_hash": "00"}}, "by another text than we believe."),
    ],
)
def test_the_point_itself_has_the_last_word(
    viewer: Visitor, person: Candidate, seen: Callable[..., None], changes: dict[str, Any], answer: str
) -> None:
    seen(**changes)
    assert answer in shown(viewer, person)


def test_ranks_payload_and_neighbours_are_shown(
    viewer: Visitor, person: Candidate, session: Session, seen: Callable[..., None]
) -> None:
    other = factories.make_candidate(session, full_name="Lucía Etxeberria")
    session.commit()
    seen(nearest=(Near(other.id, 0.912), Near(10**9, 0.5)))

    page = viewer.get(f"/candidates/{person.id}")

    assert "By their whole text 2 of 994,827 0.980" in plain(page)
    assert "“Nurse” 38 of 994,827 0.764" in plain(page)
    assert "Lucía Etxeberria" in plain(page) and "0.912" in page.text
    assert "<b>Vigo" not in page.text


def test_a_changed_text_and_changed_facts_are_told_apart(
    viewer: Visitor, person: Candidate, session: Session, seen: Callable[..., None]
) -> None:
    person.location = "Vigo"
    compare(session)
    seen()
    assert "only what searches filter by changed" in shown(viewer, person)
    seen(text=TextNow(130, False, "90ce00", None))
    said = shown(viewer, person)
    assert "Can be found, but by an old text." in said and "was not embedded since" in said
    assert "text hash 636363… is now 90ce00…" in said
    assert "No job is about to do it." in said


def test_a_vector_of_another_model_is_told(viewer: Visitor, session: Session, seen: Callable[..., None]) -> None:
    person = factories.make_candidate(session)
    factories.make_place(session, person, model="older")
    compare(session)
    seen()
    assert "The vector is of older (512 numbers); searches ask with local (512)." in shown(viewer, person)


def test_the_job_that_is_about_to_do_it_is_named_with_its_part(
    viewer: Visitor, session: Session, seen: Callable[..., None]
) -> None:
    person = factories.make_candidate(session)
    job = factories.make_job(session, status="queued", title="Sync everybody not indexed")
    factories.make_part(session, job, [person.id], n=0, status="done", cursor=1)
    factories.make_part(session, job, [5, person.id], n=1, status="queued")
    compare(session)
    seen(there=False, size=0)
    said = shown(viewer, person)
    assert "Cannot be found. The person is eligible, and not in the index yet." in said
    assert "Under way: part 2 of 2 of Sync everybody not indexed , queued." in said
    assert "No worker listens on jobs:etl." in said


def test_a_job_that_was_chosen_for_them_and_is_not_cut_is_named(
    viewer: Visitor, session: Session, seen: Callable[..., None]
) -> None:
    person = factories.make_candidate(session)
    payload = {"candidate_ids": [person.id]}
    factories.make_job(session, status="queued", kind="etl.embed", title="Embed person 1", payload=payload)
    compare(session)
    seen(there=False, size=0)
    assert "Under way: Embed person 1 , queued." in shown(viewer, person)


@pytest.mark.parametrize("app", [NO_QDRANT | NO_REDIS], indirect=True)
def test_without_the_index_and_redis_the_page_says_what_it_knows(viewer: Visitor, person: Candidate) -> None:
    said = shown(viewer, person)
    assert "Should be found; the index could not be asked." in said
    assert "The index could not be asked: Qdrant does not answer" in said
    assert "In Qdrant Not known" in said


def test_a_headline_that_cannot_be_asked_leaves_the_rest(
    viewer: Visitor, person: Candidate, seen: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> Rank:
        raise Unavailable("Cohere refuses the key: put a valid one into COHERE_API_KEY and restart")

    seen()
    monkeypatch.setattr(point, "rank_of", refused)
    said = shown(viewer, person)
    assert "Can be found." in said and "The headline could not be asked: Cohere refuses the key" in said


def test_where_a_question_costs_it_is_asked_only_on_demand(
    viewer: Visitor, person: Candidate, seen: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen()
    monkeypatch.setattr(point, "free_to_ask", lambda: False)
    assert "one call that is paid for." in shown(viewer, person)
    assert "38 of" in plain(viewer.get(f"/candidates/{person.id}?ask=1"))


def test_re_indexing_writes_the_point_again_and_says_what_it_costs(
    operator: Visitor, person: Candidate, seen: Callable[..., None]
) -> None:
    seen()
    page = operator.get(f"/candidates/{person.id}")
    assert 'name="force" value="1"' in page.text and "costs nothing" in plain(page)
    assert operator.post("/embeddings", candidate_ids=str(person.id), force="1").status_code == 303


def test_a_job_that_was_forgotten_is_named_without_a_link(viewer: Visitor, session: Session) -> None:
    kept, gone = factories.make_job(session).id, uuid.uuid4()
    person = factories.make_candidate(session)
    factories.make_place(session, person, job_id=gone)
    factories.make_place(session, person, collection="c0", job_id=kept)
    compare(session)
    page = viewer.get(f"/candidates/{person.id}")

    assert f'href="/jobs/{kept}"' in page.text and f'href="/jobs/{gone}"' not in page.text
    assert plain(page).count(str(gone)[:8]) == 2


def test_a_history_is_given_as_a_file(viewer: Visitor, person: Candidate) -> None:
    rows: Any = viewer.get(f"/candidates/{person.id}/history.json").json
    assert {row["what"] for row in rows} == {"created", "indexed"}
    assert viewer.get(f"/candidates/{person.id}/history.csv").text.startswith("at,what,detail,job_id,model")


def test_a_list_is_given_as_a_file(viewer: Visitor, session: Session, person: Candidate) -> None:
    factories.make_candidate(session, full_name="=cmd()")
    session.commit()
    rows: Any = viewer.get("/candidates.json?state=missing").json
    assert [(row["full_name"], row["state"], row["why"]) for row in rows] == [("=cmd()", "missing", "never")]
    assert "'=cmd()" in viewer.get("/candidates.csv").text
