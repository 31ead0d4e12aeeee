"""The audit says who did what, and lets nobody take it for something else."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from tests.webapp.conftest import Visitor, plain
from tests.webapp.factories import make_act, make_person

DAY = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)  # the 20th in London, the 21st in Kyiv


def test_an_act_is_shown_with_before_and_after(admin: Visitor, session: Session) -> None:
    event = make_act(session, before={"role": "viewer", "gone": 1}, after={"role": "admin"}, reason="grew", at=DAY)
    session.commit()

    listed, shown = plain(admin.get("/audit")), admin.get(f"/audit/{event.id}")

    assert "role: viewer → admin" in listed
    assert "“grew”" in listed
    assert "<del>viewer</del>" in shown.text and "<ins>admin</ins>" in shown.text
    assert "gone 1 –" in plain(shown)
    assert admin.get("/audit/999999").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("who=ana", 2),
        ("who=an", 0),
        ("action=job.", 1),
        ("target=person:", 1),
        ("after=2026-11-20&before=2026-11-20", 1),
        ("after=2026-11-21", 1),
        ("before=2026-11-19", 0),
        ("after=2026-11-20T22:30:00Z&before=2026-11-20T22:31", 1),
    ],
)
def test_it_is_filtered_by_its_address(admin: Visitor, session: Session, query: str, found: int) -> None:
    make_act(session, actor="ana", action="job.launch", target=str(uuid4()), at=DAY)
    make_act(session, actor="ana", at=datetime(2026, 11, 25, tzinfo=UTC))
    session.commit()

    page = admin.get(f"/audit?{query}")

    assert page.status_code == 200
    assert len(re.findall(r'id="act-', page.text)) == found
    assert len(admin.get(f"/audit.json?{query}").json) == found  # type: ignore[arg-type]


def test_days_are_those_of_the_readers_clock(admin: Visitor, session: Session) -> None:
    make_act(session, at=DAY)
    session.commit()
    assert "No act matches" in plain(admin.get("/audit?after=2026-11-21"))

    admin.client.set_cookie("zone", "Europe/Kyiv")

    assert "No act matches" not in plain(admin.get("/audit?after=2026-11-21"))


@pytest.mark.parametrize("query", ["after=nonsense", "before=0001-01-01", "after=9999-12-31", "cursor=nonsense"])
def test_what_is_no_day_is_named(admin: Visitor, query: str) -> None:
    answer = admin.get(f"/audit?{query}")

    assert answer.status_code == 422
    assert query.split("=")[1] in plain(answer) or "cursor" in plain(answer)
    assert admin.get(f"/audit.csv?{query}").status_code == (200 if "cursor" in query else 422)


def test_it_goes_on_over_pages(admin: Visitor, session: Session) -> None:
    for n in range(30):
        make_act(session, target=f"person:{n}")
    session.commit()

    first = admin.get("/audit?who=ana")
    following = re.search(r'href="([^"]+)" rel="next"', first.text)

    assert following is not None and "25 of 30" in plain(first)
    second = admin.get(following[1].replace("&amp;", "&"))
    assert len(re.findall(r'id="act-', second.text)) == 5
    assert len(admin.get("/audit.json?who=ana").json) == 30  # type: ignore[arg-type]


def test_the_files_hold_everything_and_no_formula(admin: Visitor, session: Session) -> None:
    make_act(session, actor="=cmd()", reason='a "b", c\nd', after={"ids": list(range(300))})
    session.commit()

    rows = list(csv.DictReader(io.StringIO(admin.get("/audit.csv").text)))

    assert (rows[0]["actor"], rows[0]["reason"]) == ("'=cmd()", 'a "b", c\nd')
    assert rows[0]["after"].endswith("298,299]}")
    assert admin.get("/audit.json").json[0]["after"]["ids"][-1] == 299  # type: ignore[index]
    assert admin.get("/audit.json?who=nobody").json == []


def test_any_shape_of_a_change_is_shown(admin: Visitor, session: Session) -> None:
    shapes = ["a text", 7, [1, 2], {"ids": list(range(100))}, {"deep": {"er": [None]}}, {"flag": True}, [[]]]
    events = [make_act(session, before=shape, after="<script>x</script>") for shape in shapes]
    session.commit()

    assert "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 88 more" in plain(admin.get(f"/audit/{events[3].id}"))
    for event in events:
        page = admin.get(f"/audit/{event.id}")
        assert page.status_code == 200 and "<script>x" not in page.text
    assert "<script>x" not in admin.get("/audit").text


def test_links_lead_to_jobs_and_to_what_else_was_done(admin: Visitor, session: Session) -> None:
    job_id = str(uuid4())
    make_act(session, target=job_id)
    make_act(session, target="person:Eva & Co")
    session.commit()

    page = admin.get("/audit").text

    assert f'href="/jobs/{job_id}"' in page
    assert 'href="/audit?target=person:Eva+%26+Co"' in page


def test_an_empty_audit_says_what_will_be_in_it(admin: Visitor) -> None:
    assert "Nothing was done yet" in plain(admin.get("/audit"))


def test_a_person_shows_what_was_done_to_them(admin: Visitor, session: Session) -> None:
    eva = make_person(session, name="Eva")
    make_act(session, before={"role": "viewer"}, after={"role": "operator"})
    make_act(session, target="person:Evaristo", reason="of another")
    session.commit()

    page = plain(admin.get(f"/people/{eva.id}"))

    assert "role: viewer → operator" in page and "of another" not in page
