"""A text is mended by hand, over the version that was seen, and whoever was faster is not written over."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.models import AuditEvent, Candidate, Job
from tests.webapp import factories
from tests.webapp.conftest import Visitor, plain
from webapp.correction_form import LONGEST

DEEP = "'" + "[" * 3000 + "]" * 3000 + "'"


@pytest.fixture
def person(session: Session) -> Candidate:
    person = factories.make_candidate(
        session, full_name="Ana Ruiz", headline="Nurse", skills=["Triage"], experience=[{"title": "Nurse"}]
    )
    session.refresh(person)
    factories.make_failure(session, factories.make_job(session), person.id, source_version=person.updated_at)
    session.commit()
    return person


def form(visitor: Visitor, person: Candidate, **typed: str) -> dict[str, str]:
    """Open the form, and give what a browser would send of it once this was typed."""
    page = visitor.get(f"/candidates/{person.id}/corrections/new").text
    boxes = dict(re.findall(r'<textarea id="(\w+)".*?>\n(.*?)</textarea>', page, re.DOTALL))
    inputs = dict(re.findall(r'<input (?:type="\w+" )?(?:id="\w+" )?name="(\w+)" value="([^"]*)"', page))
    lines = {name: "\r\n".join(re.split("\r\n|\r|\n", text)) for name, text in boxes.items()}
    one_line = {name: re.sub("[\r\n]", "", text) for name, text in inputs.items()}
    values = {name: unescape(value) for name, value in (lines | one_line).items()}
    return values | typed | {"csrf_token": visitor.token}


def send(visitor: Visitor, person: Candidate, fields: dict[str, str]) -> Any:
    return visitor.client.post(f"/candidates/{person.id}/corrections", data=fields)


def test_the_text_and_the_reason_stand_side_by_side(operator: Visitor, person: Candidate) -> None:
    shown = plain(operator.get(f"/candidates/{person.id}/corrections/new"))
    assert "Writes Python." in shown
    assert "Cohere refuses the text" in shown
    assert "Cohere refused the text." in shown


def test_only_what_was_changed_is_written(operator: Visitor, session: Session, person: Candidate) -> None:
    answer = send(operator, person, form(operator, person, summary="Mended.\r\nTwice."))
    assert (answer.status_code, answer.location) == (303, f"/candidates/{person.id}")
    session.refresh(person)
    assert (person.summary, person.headline, person.skills) == ("Mended.\nTwice.", "Nurse", ["Triage"])
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "candidate.correct")).one()
    assert (event.actor, event.reason) == ("operator", "Cohere refuses the text")
    assert event.after.keys() == {"version", "summary.length"}
    assert "Mended: Ana Ruiz." in plain(operator.get("/"))


def test_a_text_that_ends_an_isolation_stays_whole(operator: Visitor, session: Session, person: Candidate) -> None:
    person.headline, person.summary = "Nurse\u2069 & <more>", "Works\u2069\n\u2067a\u2069 <b>"
    session.commit()
    send(operator, person, form(operator, person, skills="Triage\r\nPython"))
    session.refresh(person)
    assert person.skills == ["Triage", "Python"]
    assert (person.headline, person.summary) == ("Nurse\u2069 & <more>", "Works\u2069\n\u2067a\u2069 <b>")


def test_who_came_from_the_group_goes_back_to_it(operator: Visitor, person: Candidate) -> None:
    shown = operator.get("/failures?cause=text_refused").text
    assert f'href="/candidates/{person.id}/corrections/new?back=failures"' in shown
    answer = send(operator, person, form(operator, person, summary="Mended.", back="failures"))
    assert answer.location == "/failures?cause=text_refused#records"
    assert "changed since" in plain(operator.get(answer.location))


def test_saved_and_embedded_at_once_it_is_a_job(operator: Visitor, session: Session, person: Candidate) -> None:
    answer = send(operator, person, form(operator, person, summary="Mended.", then="embed"))
    job = session.scalars(select(Job).where(Job.kind == "etl.embed")).one()
    assert answer.location == f"/jobs/{job.id}"
    assert job.payload == {"candidate_ids": [person.id], "force": False}


def test_whoever_was_slower_sees_both_texts(operator: Visitor, session: Session, person: Candidate) -> None:
    fields = form(operator, person, summary="Mine.")
    person.summary, person.headline = "Theirs.", "Head nurse"
    session.commit()

    answer = send(operator, person, fields)

    assert answer.status_code == 409
    assert "Somebody has changed this profile since it was read." in plain(answer)
    assert "Mine.</textarea>" in answer.text
    assert '<pre class="text">Theirs.</pre>' in answer.text
    assert 'value="Head nurse"' in answer.text  # what I never touched is theirs now
    session.refresh(person)
    assert person.summary == "Theirs."


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Nothing was changed."),
        ({"summary": "x", "reason": " "}, "Say why"),
        ({"summary": "x", "reason": "\0"}, "Say why"),
        ({"experience": '{"a": }'}, "This is no JSON: see line 1, character 7."),
        ({"education": "[" * 40 + "]" * 40}, "nested deeper than 30"),
        ({"summary": "a\0b"}, "holds a NUL character"),
        ({"headline": "x" * 2001}, "Too long: at most 2,000 characters."),
    ],
)
def test_what_cannot_be_stored_is_said_beside_its_box(
    operator: Visitor, person: Candidate, typed: dict[str, str], said: str
) -> None:
    answer = send(operator, person, form(operator, person, **typed))
    assert answer.status_code == 422
    assert said in plain(answer)
    for value in typed.values():
        assert value.replace("\0", "") in answer.text.replace("&#34;", '"').replace("\0", "")


def test_what_no_reader_can_take_is_shown_as_it_is_stored(
    operator: Visitor, session: Session, person: Candidate
) -> None:
    session.execute(text(f"UPDATE candidates SET experience = {DEEP} WHERE id = {person.id}"))
    session.commit()
    fields = form(operator, person)
    assert fields["experience"] == "[" * 3000 + "]" * 3000
    assert send(operator, person, fields | {"experience": '["Nurse"]'}).status_code == 303
    session.refresh(person)
    assert person.experience == ["Nurse"]


def test_a_text_that_is_too_long_to_show_stays(operator: Visitor, session: Session, person: Candidate) -> None:
    person.summary = "word " * LONGEST
    session.commit()
    shown = form(operator, person, headline="Head nurse")
    assert shown["summary"] == ""
    assert send(operator, person, shown).status_code == 303
    session.refresh(person)
    assert (person.headline, person.summary) == ("Head nurse", "word " * LONGEST)


def test_what_a_browser_cannot_send_as_it_is_stored_counts_as_untouched(
    operator: Visitor, session: Session, person: Candidate
) -> None:
    """Browsers send every end of a line in their own way, and none of a headline."""
    person.headline, person.summary, person.skills = "Nurse\r\nby night", "One.\r\nTwo.\rThree.", ["Triage\rat night"]
    session.commit()
    send(operator, person, form(operator, person, education='["Nursing"]'))
    session.refresh(person)
    assert (person.summary, person.skills) == ("One.\r\nTwo.\rThree.", ["Triage\rat night"])
    assert (person.headline, person.education) == ("Nurse\r\nby night", ["Nursing"])


def test_texts_as_long_as_boxes_show_them_can_be_sent_in_any_script(
    operator: Visitor, session: Session, person: Candidate
) -> None:
    long = "漢" * LONGEST
    person.summary, person.education, person.experience = long, long[:-2], long[:-2]
    session.commit()

    page = operator.get(f"/candidates/{person.id}/corrections/new").text
    (encoding,) = re.findall(r'action="[^"]*/corrections" enctype="([^"]+)"', page)
    fields = form(operator, person, headline="Head nurse")
    address = f"/candidates/{person.id}/corrections"

    assert operator.client.post(address, data=fields, content_type=encoding).status_code == 303


def test_an_emptied_box_empties_the_column(operator: Visitor, session: Session, person: Candidate) -> None:
    send(operator, person, form(operator, person, summary="", skills="", experience=""))
    session.refresh(person)
    assert (person.summary, person.skills, person.experience) == (None, None, None)


def test_nobody_of_this_number_is_not_found(operator: Visitor) -> None:
    for number in ("1", "99999999999999999999999"):
        assert operator.get(f"/candidates/{number}/corrections/new").status_code == 404
