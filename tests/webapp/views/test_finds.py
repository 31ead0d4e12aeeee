"""The box in the menu: what means one thing is opened, and who is not found is looked for further."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from core import coverage, point
from core.errors import Unavailable
from core.ports import Collection
from tests.webapp import factories
from tests.webapp.conftest import Visitor, plain

HOSTILE = "<script>alert(1)</script>{{7*7}}"


@pytest.mark.parametrize("words", ["ana lópez", "ATS-204881", "ana.lópez@example.org"])
def test_one_person_is_opened_by_name_by_external_id_and_by_the_name_in_an_address(
    viewer: Visitor, session: Session, words: str
) -> None:
    person = factories.make_candidate(session, full_name="Ana López", external_id="ATS-204881")
    session.commit()
    assert viewer.get("/find", query_string={"q": words}).location == f"/candidates/{person.id}"


def test_several_people_are_listed(viewer: Visitor, session: Session) -> None:
    for n in range(2):
        factories.make_candidate(session, full_name=f"Ana López {n}")
    session.commit()
    assert viewer.get("/find?q=ana").location == "/candidates?text=ana"


def test_a_person_is_opened_by_our_number(viewer: Visitor, session: Session) -> None:
    person = factories.make_candidate(session, external_id="A", full_name="Ana")
    session.commit()
    assert viewer.get(f"/find?q={person.id}").location == f"/candidates/{person.id}"


@pytest.mark.parametrize("words", ["Ana Lopez", "anna lópezz", "ats-204881", "ATS 204881", "lopez ana"])
def test_who_is_not_found_is_suggested_with_their_place(viewer: Visitor, session: Session, words: str) -> None:
    factories.make_candidate(session, full_name="Ana López", external_id="ATS-204881")
    factories.make_candidate(session, full_name="Somebody Else", external_id="X-1")
    session.commit()

    shown = plain(viewer.get("/find", query_string={"q": words}))

    assert "Did you mean" in shown and "Ana López" in shown and "Missing never indexed" in shown
    assert "Somebody Else" not in shown


@pytest.mark.parametrize("words", [HOSTILE, "' | !:*", "%", "\x00", "zzz", "a" * 300, "²", "-"])
def test_words_that_mean_nobody_say_what_was_looked_through(viewer: Visitor, words: str) -> None:
    page = viewer.get("/find", query_string={"q": words})
    assert page.status_code == 200
    assert "What was looked through" in plain(page)
    assert "<script>alert" not in page.text


def test_an_address_says_that_none_is_kept(viewer: Visitor) -> None:
    assert "E-mail addresses are not kept here" in plain(viewer.get("/find?q=eva@example.org"))


def indexed(session: Session) -> None:
    coverage.check(session, "candidates", Collection("c1", "local", 512), points=1)


def test_the_id_of_a_point_opens_its_person(viewer: Visitor, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    indexed(session)
    asked: list[UUID] = []
    monkeypatch.setattr(point, "whose", lambda name, _: asked.append(name) or 7)
    name = uuid4()
    assert viewer.get(f"/find?q={name}").location == "/candidates/7"
    assert asked == [name]


def test_an_id_of_nothing_and_an_index_that_is_away_are_told(
    viewer: Visitor, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "none has this id" in plain(viewer.get(f"/find?q={uuid4()}"))
    indexed(session)

    def away(*_: object) -> int:
        raise Unavailable("Qdrant does not answer (ConnectError): is it running at QDRANT_URL?")

    monkeypatch.setattr(point, "whose", away)
    shown = plain(viewer.get(f"/find?q={uuid4()}"))
    assert "The index could not be asked: Qdrant does not answer" in shown
    assert "Points of the index" not in shown
