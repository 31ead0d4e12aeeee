"""People: the list, the search over the index, one person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import coverage
from core.errors import Invalid, Unavailable
from core.models import Job
from core.ports import Collection
from core.search import Found, SearchAnswer
from tests.webapp import factories
from tests.webapp.conftest import Visitor, plain
from webapp import embed_form, finding


def compare(session: Session) -> None:
    session.commit()
    coverage.check(session, "candidates", Collection("c1", "local", 512), points=None)


def test_everybody_is_listed_with_their_place_in_the_index(viewer: Visitor, session: Session) -> None:
    factories.make_place(session, factories.make_candidate(session, full_name="Indexed Person"))
    factories.make_candidate(session, full_name="Missing Person", headline="Enfermera")
    compare(session)

    shown = plain(viewer.get("/candidates"))

    assert "Indexed Indexed Person" in shown
    assert "Missing Missing Person Enfermera" in shown
    assert "Missing 1" in shown


def test_a_state_and_a_filter_narrow_the_list(viewer: Visitor, session: Session) -> None:
    factories.make_candidate(session, full_name="Marta of Cádiz", location="Cádiz")
    factories.make_candidate(session, full_name="Juan of Bilbao", location="Bilbao")
    compare(session)

    assert "Juan of Bilbao" not in plain(viewer.get("/candidates?state=missing&location=Cádiz"))
    assert "Marta of Cádiz" in plain(viewer.get("/candidates?state=missing&location=Cádiz"))
    assert "Nobody matches" in plain(viewer.get("/candidates?text=zebra"))


@pytest.mark.parametrize("query", ["state=nonsense", "min_years=many", "min_years=-1", "cursor=%FF"])
def test_a_filter_that_cannot_be_is_named(viewer: Visitor, query: str) -> None:
    assert viewer.get(f"/candidates?{query}").status_code == 422


def test_an_empty_table_says_how_to_fill_it(viewer: Visitor) -> None:
    assert "vigia import FILE" in plain(viewer.get("/candidates"))


def test_long_lists_go_on_by_cursor(viewer: Visitor, session: Session) -> None:
    for n in range(30):
        factories.make_candidate(session, full_name=f"Person {n:02}.")
    compare(session)

    first = viewer.get("/candidates").text
    older = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")

    assert "offset" not in older
    assert "Person 04." in plain(viewer.get(older))
    assert "Person 05." not in plain(viewer.get(older))


@pytest.fixture
def search_gives(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Let the search answer this, or raise it."""

    def give(answer: object) -> None:
        def search(question: str, *, limit: int) -> SearchAnswer:
            if isinstance(answer, Exception):
                raise answer
            assert isinstance(answer, SearchAnswer)
            return answer

        monkeypatch.setattr(finding, "search", search)

    return give


def test_hits_have_score_and_passage(viewer: Visitor, search_gives: Callable[[object], None]) -> None:
    hit = Found(7, "ATS-7", "Ana <b>Ruiz</b>", "Nurse", 0.871, "Twelve years of <i>intensive care</i>.")
    search_gives(SearchAnswer((hit,), "local", 4.0))

    page = viewer.get("/candidates?q=nurse")

    assert "1 Ana &lt;b&gt;Ruiz&lt;/b&gt; Nurse ATS-7 Twelve years of &lt;i&gt;intensive care" in plain(page)
    assert "0.871" in page.text
    assert 'href="/candidates/7"' in page.text
    assert 'value="nurse"' in page.text


@pytest.mark.parametrize("trouble", [Unavailable("Qdrant does not answer."), Invalid("The question is too long.")])
def test_a_search_that_cannot_be_made_says_why(
    viewer: Visitor, search_gives: Callable[[object], None], trouble: Exception
) -> None:
    search_gives(trouble)

    page = viewer.get("/candidates?q=nurse")

    assert page.status_code == 200
    assert str(trouble) in plain(page)


def test_a_search_without_hits_asks_whether_everybody_is_indexed(
    viewer: Visitor, search_gives: Callable[[object], None]
) -> None:
    search_gives(SearchAnswer((), "local", 1.0))

    assert "Nobody was found" in plain(viewer.get("/candidates?q=nurse"))


@pytest.mark.parametrize(
    ("values", "placed", "answer"),
    [
        ({}, True, "Should be found; the index could not be asked."),
        ({}, False, "Cannot be found."),
        ({"opted_out": True}, False, "The person opted out."),
        ({"opted_out": True}, True, "Still in the index, and should not be."),
        ({"summary": None}, False, "There is no text to find them by."),
    ],
)
def test_a_person_is_answered_for_first(
    viewer: Visitor, session: Session, values: dict[str, object], placed: bool, answer: str
) -> None:
    person = factories.make_candidate(session, **values)
    if placed:
        factories.make_place(session, person)
    compare(session)

    assert answer in plain(viewer.get(f"/candidates/{person.id}"))


def test_a_person_who_changed_is_found_by_an_old_text(viewer: Visitor, session: Session) -> None:
    person = factories.make_candidate(session)
    factories.make_place(session, person)
    session.commit()
    person.summary = "Now something else."
    compare(session)

    assert "Can be found, but by an old text." in plain(viewer.get(f"/candidates/{person.id}"))


def test_a_person_with_an_open_failure_shows_its_cause(viewer: Visitor, session: Session) -> None:
    person = factories.make_candidate(session)
    factories.make_failure(session, factories.make_job(session), person.id, cause="text_refused")
    compare(session)

    shown = plain(viewer.get(f"/candidates/{person.id}"))

    assert "Cohere refuses the text. Cohere refused the text." in shown
    assert "See cause" in shown and "Mend…" not in shown


def test_a_reason_is_not_said_twice_and_a_mended_text_is_not_to_be_mended_again(
    viewer: Visitor, session: Session
) -> None:
    person = factories.make_candidate(session)
    before = person.updated_at - timedelta(minutes=5)
    why = {"reason": "Cohere refuses the text (400): not processed", "source_version": before}
    factories.make_failure(session, factories.make_job(session), person.id, **why)
    compare(session)

    shown = plain(viewer.get(f"/candidates/{person.id}"))

    assert "Cohere refuses the text (400): not processed. The profile changed" in shown
    assert "Cohere refuses the text. Cohere" not in shown
    assert "re-index the person to try again." in shown
    assert "Mend the text first" not in shown


@pytest.mark.parametrize(
    "odd", [None, "a string", 7, ["a", 3, {"title": "Nurse", "x": None}], {"degree": "BSc"}, [[1, 2], {}]]
)
def test_experience_of_any_shape_is_shown(viewer: Visitor, session: Session, odd: object) -> None:
    person = factories.make_candidate(session, experience=odd, education=odd)
    session.commit()

    assert viewer.get(f"/candidates/{person.id}").status_code == 200


def test_nobody_of_this_number_is_not_found(viewer: Visitor) -> None:
    for number in ("1", "99999999999999999999999"):
        assert viewer.get(f"/candidates/{number}").status_code == 404


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_only_who_may_act_is_offered_to_re_index(visitor: Callable[..., Visitor], session: Session, role: str) -> None:
    person = factories.make_candidate(session)
    session.commit()

    shown = plain(visitor(role).get(f"/candidates/{person.id}"))

    assert ("Re-index now" in shown) == (role == "operator")


def test_the_menus_box_finds_jobs_by_id_and_people_by_words(viewer: Visitor, session: Session) -> None:
    job = factories.make_job(session)
    session.commit()

    assert viewer.get(f"/find?q={job.id}").location == f"/jobs/{job.id}"
    assert viewer.get("/find?q=").location == "/candidates"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ([None, "Welding", "", "Milling"], "Welding, Milling"),
        ([["Welding", None], ["Milling", "Turning"]], "Welding, Milling"),
    ],
)
def test_lists_with_nulls_or_lists_in_them_are_shown_as_words(
    viewer: Visitor, session: Session, words: list[object], shown: str
) -> None:
    person = factories.make_candidate(session, full_name="Ana Ruiz", headline="Welder", skills=words, languages=words)
    session.commit()

    page = plain(viewer.get(f"/candidates/{person.id}"))

    assert f"Skills {shown}" in page
    assert f"Welder · {shown}" in page
    assert "None" not in page
    assert "Ana Ruiz" in plain(viewer.get("/candidates"))


def test_a_person_whose_skills_are_all_null_has_no_text(viewer: Visitor, session: Session) -> None:
    person = factories.make_candidate(session, summary=None, skills=[None, ""], languages=[None])
    session.commit()
    page = plain(viewer.get(f"/candidates/{person.id}"))
    assert "There is none." in page
    assert "Skills" not in page


def test_the_form_takes_as_long_a_question_as_the_search(viewer: Visitor) -> None:
    assert 'maxlength="1000"' in viewer.get("/candidates").get_data(as_text=True)
    page = viewer.get("/candidates", query_string={"q": "x" * 1001})
    assert "at most 1,000 characters" in plain(page)
    assert 'maxlength="1000"' in page.get_data(as_text=True)


def test_a_list_says_why_and_is_mended_as_a_whole(operator: Visitor, session: Session) -> None:
    for n in range(3):
        factories.make_candidate(session, full_name=f"Missing {n}", location="Vigo")
    factories.make_candidate(session, location="Bilbao")
    compare(session)

    page = operator.get("/candidates?state=missing&location=Vigo")
    assert "never indexed" in plain(page) and "Repair these 3…" in plain(page)

    asked = operator.post("/embeddings/new", state="missing", location="Vigo")
    assert "Index 3 people?" in plain(asked) and "To do 3" in plain(asked)
    done = operator.post("/embeddings", state="missing", location="Vigo", reason="they ask")
    assert done.status_code == 303
    job = session.scalars(select(Job)).one()
    assert (len(job.payload["candidate_ids"]), job.reason, job.total) == (3, "they ask", None)
    assert "Nobody is in this list any more." in plain(operator.post("/embeddings", state="stale"))


def test_a_list_that_is_longer_than_a_job_is_cut_and_says_so(
    operator: Visitor, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embed_form, "MOST_CHOSEN", 2)
    for _ in range(3):
        factories.make_candidate(session)
    compare(session)
    asked = plain(operator.post("/embeddings/new", state="missing"))
    assert "Index 2 people?" in asked and "one job takes the newest 2" in asked


def test_a_viewer_is_offered_no_repair(viewer: Visitor, session: Session) -> None:
    factories.make_candidate(session)
    compare(session)
    assert "Repair" not in plain(viewer.get("/candidates?state=missing"))


def test_an_operator_is_offered_to_mend_the_text_of_who_failed(operator: Visitor, session: Session) -> None:
    person = factories.make_candidate(session)
    factories.make_failure(session, factories.make_job(session), person.id, cause="text_refused")
    compare(session)

    assert f'href="/candidates/{person.id}/corrections/new"' in operator.get(f"/candidates/{person.id}").text
