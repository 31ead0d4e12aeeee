"""A correction by hand: over the version that was seen, and audited without a word of the text."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor
from core.errors import Invalid, NotFound
from core.intake.correction import Outdated, Texts, correct
from core.models import AuditEvent, Candidate
from tests.webapp.factories import make_candidate

ANA = Actor("ana")


@pytest.fixture
def person(session: Session) -> Candidate:
    person = make_candidate(session, headline="Nurse", summary="Secret words.", experience=[{"title": "Nurse"}])
    session.commit()
    return person


def write(session: Session, person: Candidate, **texts: Any) -> None:
    correct(session, person.id, Texts(**texts), seen=person.updated_at, actor=ANA, reason="why")


def test_what_is_given_is_written_and_the_rest_stays(session: Session, person: Candidate) -> None:
    before = person.updated_at
    write(session, person, summary="Better.", experience=None, skills=["Triage"])
    session.refresh(person)
    assert (person.headline, person.summary, person.experience, person.skills) == ("Nurse", "Better.", None, ["Triage"])
    assert person.updated_at > before
    assert session.scalar(select(Candidate.experience.is_(None)))  # no JSON null, which would be a value


def test_the_audit_keeps_lengths_and_versions_and_never_the_text(session: Session, person: Candidate) -> None:
    write(session, person, summary="Better.")
    event = session.scalars(select(AuditEvent)).one()
    assert (event.actor, event.action, event.reason) == ("ana", "candidate.correct", "why")
    assert event.target == f"candidate:{person.id}"
    assert (event.before["summary.length"], event.after["summary.length"]) == (13, 7)
    assert event.before["version"] < event.after["version"]
    assert event.before.keys() == event.after.keys() == {"version", "summary.length"}


def test_whoever_was_slower_is_told(session: Session, person: Candidate) -> None:
    seen = person.updated_at - timedelta(microseconds=1)
    with pytest.raises(Outdated):
        correct(session, person.id, Texts(summary="Mine."), seen=seen, actor=ANA, reason="")
    session.refresh(person)
    assert person.summary == "Secret words."
    assert session.scalars(select(AuditEvent)).all() == []


def test_nobody_and_nothing_are_refused(session: Session, person: Candidate) -> None:
    with pytest.raises(NotFound):
        correct(session, 0, Texts(summary="x"), seen=person.updated_at, actor=ANA, reason="")
    with pytest.raises(Invalid):
        write(session, person)


@pytest.mark.parametrize(
    "texts", [{"summary": "a\0"}, {"summary": 3}, {"skills": "Java"}, {"education": "x" * 100_001}, {"age": 3}]
)
def test_what_an_import_refuses_is_refused(texts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Texts.model_validate(texts)
