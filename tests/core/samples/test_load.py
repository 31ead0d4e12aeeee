"""Loading the sample people."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.models import Candidate
from core.samples import load


def test_all_two_thousand_are_loaded_and_eligible(session: Session) -> None:
    assert load(session, 2000) == 2000
    assert session.scalar(select(func.count()).where(Candidate.eligible)) == 2000


def test_loading_again_adds_only_who_is_missing_and_touches_nobody(session: Session) -> None:
    load(session, 10)
    session.execute(update(Candidate).where(Candidate.external_id == "sample-000003").values(headline="edited"))
    before = session.execute(select(Candidate.external_id, Candidate.updated_at)).all()
    assert load(session, 12) == 2
    after = dict(list(session.execute(select(Candidate.external_id, Candidate.updated_at))))
    assert all(after[external_id] == updated_at for external_id, updated_at in before)
    assert session.scalar(select(Candidate.headline).where(Candidate.external_id == "sample-000003")) == "edited"


def test_loading_nobody_is_nothing(session: Session) -> None:
    assert load(session, 0) == 0
