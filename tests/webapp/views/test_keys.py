"""The list of keys: whole, in words, and only what its reader may."""

from __future__ import annotations

import re

from flask import Flask

from tests.webapp.conftest import Visitor, plain
from webapp.keys import ACTS, GO


def test_every_key_is_told_with_what_it_does(admin: Visitor) -> None:
    page = plain(admin.get("/keys"))

    assert all(f"{key} {word}" in page for key, word in ACTS.items())
    assert all(f"g {key} {way.word}" in page for key, way in GO.items())


def test_a_reader_is_told_of_pages_they_may_see_alone(viewer: Visitor) -> None:
    page = viewer.get("/keys").text.split('<article id="keys">')[1]

    assert "/candidates" in page
    assert "/people" not in page and "/sync/new" not in page


def test_each_key_leads_to_an_entry_of_the_menu(app: Flask, admin: Visitor) -> None:
    """The script presses the link of the menu: a letter without one would do nothing."""
    menu = dict(re.findall(r'<a href="([^"]+)" data-go="(\w)"', admin.get("/keys").text))

    with app.test_request_context():
        assert menu == {app.url_for(way.endpoint): key for key, way in GO.items()}
