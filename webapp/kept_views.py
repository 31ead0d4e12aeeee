"""Saved views on the page: which pages have them, and what of an address a view keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from flask import url_for
from flask_login import current_user

from core.access.saved_views import views_of
from core.errors import Invalid
from core.models import SavedView
from webapp.extensions import db
from webapp.i18n import gettext as _

# What a view keeps of the address of each page; not which page of the list somebody was on.
KEPT = {"jobs": ("status", "q"), "failures": ("cause", "job", "step", "status", "mended", "all")}
LONGEST = 2000


class KeptView(NamedTuple):
    """One link above the list."""

    id: int
    name: str
    url: str
    current: bool


class KeptViews(NamedTuple):
    """The views of the reader, and what the page as it is would be kept as; `query` is empty for all of the list."""

    page: str
    query: str
    views: Sequence[KeptView]


def of_page(page: str, args: Mapping[str, str]) -> KeptViews:
    """Give the reader's views of a page that was asked for with these arguments."""
    query = urlencode([(name, args[name]) for name in KEPT[page] if args.get(name)])
    views = views_of(db.session(), current_user.id, page)
    return KeptViews(page, query, [KeptView(view.id, view.name, address(view), view.query == query) for view in views])


def address(view: SavedView) -> str:
    return address_of(view.page, view.query)


def address_of(page: str, query: str) -> str:
    return url_for(f"{page}.index") + (f"?{query}" if query else "")


def query_of(page: str, given: str) -> str:
    """Take what a view keeps out of a query string; raise Invalid for an unknown page, and for nothing to keep."""
    if page not in KEPT or len(given) > LONGEST:
        raise Invalid(_("This page keeps no views."), {"page": page[:40]})
    pairs = [(name, value) for name, value in parse_qsl(given) if name in KEPT[page]]
    if not pairs:
        raise Invalid(_("Search or filter first: a view of everything is the page itself."), {"query": given[:40]})
    return urlencode(pairs)
