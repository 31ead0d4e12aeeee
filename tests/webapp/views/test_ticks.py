"""Ticks of one page are kept while another page of the list is read, without a script."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Job
from tests.webapp import factories
from tests.webapp.conftest import Visitor, plain
from webapp.chosen import MOST, chosen


@pytest.fixture
def jobs(session: Session) -> list[Job]:
    """Thirty jobs, newest first: two pages."""
    made = [factories.make_job(session, title="Nightly", status="failed") for _ in range(30)]
    session.commit()
    return made[::-1]


def ticked(page: str) -> set[str]:
    """The boxes that the page shows ticked."""
    return set(re.findall(r'name="id" value="([^"]+)" checked', page))


def carried(page: str) -> str:
    return "".join(re.findall(r'name="chosen" value="([^"]*)"', page))


def cursor(page: str) -> str:
    return unescape(re.findall(r'name="cursor" value="([^"]+)"', page)[0])


def test_ticks_travel_with_the_pages_and_become_one_act(operator: Visitor, session: Session, jobs: list[Job]) -> None:
    first = operator.get("/jobs?q=nightly").text
    address = {"q": "nightly", "id": [str(jobs[0].id), str(jobs[3].id)], "cursor": cursor(first)}

    turned = operator.get("/jobs", query_string=address)
    assert turned.status_code == 302 and "id=" not in turned.location
    second = operator.get(turned.location).text

    assert ticked(second) == set()
    assert "2 selected" in plain(operator.get(turned.location)) and "2 of them on other pages" in second
    back = operator.get("/jobs", query_string={"q": "nightly", "id": str(jobs[27].id), "chosen": carried(second)})
    first = operator.get(back.location).text
    assert ticked(first) == {str(jobs[0].id), str(jobs[3].id)}

    form = {"act": "cancel", "id": [*ticked(first)], "chosen": carried(first)}
    assert "Nothing to cancel" in plain(operator.post("/jobs/bulk/new", **form))
    form["act"] = "retry"
    assert "3 jobs" in plain(operator.post("/jobs/bulk/new", **form))
    assert operator.post("/jobs/bulk", **form).status_code == 303
    bulk = session.scalars(select(Job).where(Job.kind == "jobs.bulk")).one()
    assert set(bulk.payload["numbers"]) == {jobs[0].number, jobs[3].number, jobs[27].number}


def test_a_box_that_is_unticked_stays_so(operator: Visitor, jobs: list[Job]) -> None:
    word = chosen("", [jobs[0].number, jobs[1].number]).word
    page = operator.get(f"/jobs?chosen={word}").text
    assert ticked(page) == {str(jobs[0].id), str(jobs[1].id)} and carried(page) == ""

    turned = operator.get("/jobs", query_string={"id": str(jobs[1].id), "cursor": cursor(page)})

    assert "1 of them on other pages" in operator.get(turned.location).text


def test_a_poll_keeps_what_is_ticked(viewer: Visitor, jobs: list[Job]) -> None:
    poll = viewer.get("/jobs/live", query_string={"id": str(jobs[2].id), "chosen": chosen("", [jobs[29].number]).word})
    assert ticked(poll.text) == {str(jobs[2].id)}
    assert carried(poll.text)


def test_two_ticked_on_different_pages_can_be_compared(viewer: Visitor, jobs: list[Job]) -> None:
    word = chosen("", [jobs[29].number]).word
    assert viewer.get("/jobs/compare", query_string={"id": str(jobs[0].id), "chosen": word}).status_code == 200
    assert viewer.get("/jobs/compare", query_string={"id": str(jobs[0].id)}).status_code == 422


def test_what_cannot_be_carried_is_said(viewer: Visitor, jobs: list[Job]) -> None:
    many = chosen("", range(9_000, 9_000 + MOST)).word
    turned = viewer.get("/jobs", query_string={"id": str(jobs[0].id), "chosen": many})
    assert "At most 1,000 can be ticked" in plain(viewer.get(turned.location))


@pytest.mark.parametrize("word", ["x", "1..", "'; --", "f" * 9000])
def test_a_word_that_nobody_wrote_ticks_nothing(viewer: Visitor, jobs: list[Job], word: str) -> None:
    page = viewer.get("/jobs", query_string={"chosen": word})
    assert page.status_code == 200 and ticked(page.text) == set()
