"""Filters of lists that a person keeps under names of their own."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.access.audit import Actor, record
from core.errors import Invalid, NotFound, Refused
from core.models import SavedView

MOST = 50  # of one person on one page
LONGEST_NAME = 60


def views_of(session: Session, person_id: int, page: str) -> Sequence[SavedView]:
    """List a person's views of a page, by name."""
    mine = select(SavedView).where(SavedView.person_id == person_id, SavedView.page == page)
    return session.scalars(mine.order_by(func.lower(SavedView.name), SavedView.id)).all()


def save_view(session: Session, person_id: int, page: str, name: str, query: str, actor: Actor) -> SavedView:
    """Keep a filter under a name; one that has the name already is replaced. Raises Invalid, Refused beyond 50."""
    name, mine = _clean(name), views_of(session, person_id, page)
    known = next((view for view in mine if view.name == name), None)
    if known is None and len(mine) >= MOST:
        raise Refused(f"You keep {MOST} views of this page already. Delete one first.")
    before = {"query": known.query} if known else None
    view = known or SavedView(person_id=person_id, page=page, name=name)
    view.query = query
    session.add(view)
    session.flush()
    record(session, actor, "view.save", f"view:{view.id}", before=before, after={"name": name, "query": query})
    return view


def rename_view(session: Session, person_id: int, view_id: int, name: str, actor: Actor) -> SavedView:
    """Give a view of this person another name; raise NotFound, or Invalid for a name that is taken."""
    view, name = _own(session, person_id, view_id), _clean(name)
    before, view.name = view.name, name
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        raise Invalid("You have a view of this name already.", {"name": "This name is taken."}) from None
    record(session, actor, "view.rename", f"view:{view_id}", before={"name": before}, after={"name": name})
    return view


def delete_view(session: Session, person_id: int, view_id: int, actor: Actor) -> SavedView:
    """Forget a view of this person; raise NotFound."""
    view = _own(session, person_id, view_id)
    session.delete(view)
    record(session, actor, "view.delete", f"view:{view_id}", before={"name": view.name, "query": view.query})
    return view


def _own(session: Session, person_id: int, view_id: int) -> SavedView:
    """Read a view; that of somebody else is as if it were not there."""
    view = session.get(SavedView, view_id)
    if view is None or view.person_id != person_id:
        raise NotFound("There is no such view of yours.")
    return view


def _clean(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not 0 < len(name) <= LONGEST_NAME or any(unicodedata.category(letter).startswith("C") for letter in name):
        rule = f"A name has 1 to {LONGEST_NAME} characters that can be seen."
        raise Invalid(rule, {"name": rule})
    return name
