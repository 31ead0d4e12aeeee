"""Acts on many failures: what would be hit is said first, and then it is a job of its own."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Failure, Job
from tests.webapp import factories
from tests.webapp.conftest import Visitor, plain


@pytest.fixture
def failures(session: Session) -> dict[str, Failure]:
    done, going = factories.make_job(session, status="failed"), factories.make_job(session, status="running")
    made = {
        "refused": factories.make_failure(session, done, 1),
        "late": factories.make_failure(session, done, 2, cause="cohere_timeout"),
        "closed": factories.make_failure(session, done, 3, cause="cohere_timeout", status="resolved"),
        "part": factories.make_failure(session, going, None, record_kind="", cause="cohere_timeout", part=0),
    }
    session.commit()
    return made


def bulks(session: Session) -> list[Job]:
    session.expire_all()
    return list(session.scalars(select(Job).where(Job.kind == "failures.bulk").order_by(Job.number)))


def test_the_preview_says_what_would_be_hit_and_what_not(
    operator: Visitor, session: Session, failures: dict[str, Failure]
) -> None:
    ids = [str(failure.id) for failure in failures.values()]

    shown = plain(operator.post("/failures/bulk/new?act=retry", id=ids))

    assert "Retry 2 failures?" in shown
    assert "1 fails again until the text is mended" in shown
    assert "1 failure: resolved or discarded since" in shown
    assert "1 failure: whole parts of jobs that are not over yet" in shown
    assert "Discard 3 failures?" in plain(operator.post("/failures/bulk/new?act=discard", id=ids))
    assert bulks(session) == []


def test_a_whole_cause_becomes_a_job_with_its_reason(
    operator: Visitor, session: Session, failures: dict[str, Failure]
) -> None:
    page = operator.get("/failures?cause=cohere_timeout")
    assert "Retry all 2…" in plain(page) and "Discard all 2…" in plain(page)
    asked = {"act": "discard", "every": "1", "cause": "cohere_timeout", "job": str(failures["late"].job_id)}
    assert "Discard 1 failure?" in plain(operator.post("/failures/bulk/new", **asked))
    assert operator.post("/failures/bulk", **asked).status_code == 422

    first, second = (operator.post("/failures/bulk", **asked, reason="moved on") for _ in range(2))

    (bulk,) = bulks(session)
    assert first.location == second.location == f"/jobs/{bulk.id}"
    assert bulk.payload["where"]["cause"] == "cohere_timeout"
    assert (bulk.payload["upto"], bulk.reason) == (failures["part"].id, "moved on")


def test_a_step_stays_in_the_choice_until_it_is_a_job(
    operator: Visitor, session: Session, failures: dict[str, Failure]
) -> None:
    """What the page has counted is what its button takes."""
    page = operator.post("/failures/bulk/new", act="retry", every="1", cause="text_refused", step="embed").text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))

    operator.post("/failures/bulk", **fields)

    (bulk,) = bulks(session)
    assert (bulk.payload["where"]["cause"], bulk.payload["where"]["step"]) == ("text_refused", "embed")
    shown = plain(operator.get(f"/jobs/{bulk.id}"))
    assert "Retry the failures with cause “Cohere refuses the text”, step embed" in shown
    assert "text_refused" not in shown


def test_what_names_no_failures_is_refused(operator: Visitor, session: Session, failures: dict[str, Failure]) -> None:
    for path in ("/failures/bulk", "/failures/bulk/new"):
        for fields in ({"act": "retry"}, {"act": "retry", "id": "x"}, {"act": "burn", "every": "1"}):
            assert operator.post(path, **fields).status_code == 422
        assert operator.post(path, act="retry", every="1", job="nonsense").status_code == 422
    assert "Nothing to retry" in plain(operator.post("/failures/bulk/new", act="retry", every="1", cause="zebra"))
    assert bulks(session) == []


def test_a_viewer_may_not(viewer: Visitor, failures: dict[str, Failure]) -> None:
    assert "Retry all" not in plain(viewer.get("/failures?all=1"))
    assert viewer.post("/failures/bulk", act="retry", every="1").status_code == 403


def test_a_step_that_there_is_not_matches_nothing(operator: Visitor, failures: dict[str, Failure]) -> None:
    asked = {"act": "retry", "every": "1", "step": "x" * 3000}

    assert operator.post("/failures/bulk/new", **asked).status_code == 200


def test_of_a_reason_is_kept_what_can_be_stored(
    operator: Visitor, session: Session, failures: dict[str, Failure]
) -> None:
    assert operator.post("/failures/bulk", act="discard", id=str(failures["late"].id), reason="\0").status_code == 422

    operator.post("/failures/bulk", act="discard", id=str(failures["late"].id), reason="moved\0 on" + "!" * 2000)

    (bulk,) = bulks(session)
    assert bulk.reason == "moved on" + "!" * 992
