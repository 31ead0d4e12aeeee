"""Views that people keep of a list: saved, renamed and deleted by their owner alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import saved_views
from core.models import AuditEvent, SavedView
from tests.webapp import factories
from tests.webapp.conftest import Visitor, plain

HOSTILE = '"><script>alert(1)</script>'


def kept(session: Session) -> list[tuple[str, str]]:
    session.expire_all()
    return [(view.name, view.query) for view in session.scalars(select(SavedView).order_by(SavedView.id))]


def save(visitor: Visitor, name: str = "My failed", query: str = "q=user:me&status=failed", page: str = "jobs") -> int:
    return visitor.post("/views", page=page, name=name, query=query).status_code


def test_a_view_is_a_link_above_its_list(viewer: Visitor, session: Session) -> None:
    factories.make_job(session, requested_by="eva")
    session.commit()
    answer = viewer.post("/views", page="jobs", name="  Those of  Eva ", query="q=user:eva&cursor=x&zebra=1")

    assert answer.status_code == 303
    assert answer.location == "/jobs?q=user%3Aeva"
    page = viewer.get(answer.location)
    assert "Those of Eva" in plain(page)
    assert 'aria-current="page">Those of Eva</a>' in page.text
    assert kept(session) == [("Those of Eva", "q=user%3Aeva")]


def test_each_page_has_its_own_views(viewer: Visitor, session: Session) -> None:
    save(viewer)
    save(viewer, "Refused texts", "cause=text_refused", page="failures")

    assert "Refused texts" in plain(viewer.get("/failures"))
    assert "Refused texts" not in plain(viewer.get("/jobs"))


def test_saved_again_under_its_name_a_view_is_replaced(viewer: Visitor, session: Session) -> None:
    save(viewer)
    save(viewer, query="q=status:failed")

    assert kept(session) == [("My failed", "q=status%3Afailed")]


def test_a_view_is_renamed_and_deleted_and_every_write_is_audited(viewer: Visitor, session: Session) -> None:
    save(viewer)
    view_id = session.scalars(select(SavedView.id)).one()

    viewer.post(f"/views/{view_id}/names", name="Lost jobs")
    assert kept(session) == [("Lost jobs", "q=user%3Ame&status=failed")]
    viewer.post(f"/views/{view_id}/deletions")
    assert kept(session) == []
    assert list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id))) == [
        "view.save",
        "view.rename",
        "view.delete",
    ]


def test_nobody_sees_or_touches_the_views_of_others(visitor: Callable[..., Visitor], session: Session) -> None:
    ana, eva = visitor("viewer", "ana"), visitor("admin", "eva")
    save(ana)
    view_id = session.scalars(select(SavedView.id)).one()

    assert "My failed" not in plain(eva.get("/jobs"))
    assert eva.post(f"/views/{view_id}/names", name="Hers").status_code == 404
    assert eva.post(f"/views/{view_id}/deletions").status_code == 404
    assert save(eva) == 303  # the same name of somebody else is no matter
    assert len(kept(session)) == 2


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": ""}, 422),
        ({"name": "x" * 61}, 422),
        ({"name": "a\0b"}, 422),
        ({"page": "zebra"}, 422),
        ({"query": ""}, 422),
        ({"query": "cursor=abc"}, 422),
        ({"query": "q=" + "x" * 3000}, 422),
    ],
)
def test_what_cannot_be_kept_is_refused(viewer: Visitor, session: Session, fields: dict[str, str], status: int) -> None:
    assert save(viewer, **fields) == status
    assert kept(session) == []


def test_a_name_that_is_taken_is_refused(viewer: Visitor, session: Session) -> None:
    save(viewer)
    save(viewer, "Other")
    other = session.scalars(select(SavedView.id).where(SavedView.name == "Other")).one()

    assert viewer.post(f"/views/{other}/names", name="My failed").status_code == 422
    assert [name for name, _ in kept(session)] == ["My failed", "Other"]


def test_there_is_an_end_to_keeping(viewer: Visitor, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST", 2)
    assert [save(viewer, name) for name in "abc"] == [303, 303, 409]
    assert save(viewer, "b", "q=x") == 303


def test_hostile_names_are_shown_as_they_are(viewer: Visitor) -> None:
    save(viewer, HOSTILE, f"q={HOSTILE}")

    assert "<script>alert" not in viewer.get("/jobs").text
