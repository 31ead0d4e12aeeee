"""A name that turns the reading direction moves nothing beside it, seen in Chromium with our own stylesheet."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from webapp.direction import balanced

CSS = (Path(__file__).parents[2] / "webapp/static/css/portal.css").read_text()
LINE = "<p><a>{0}</a> · <small id=first>3 of 4</small>, <bdi>{0}</bdi> → <b id=last>12:03</b></p>"
PLACES = "() => ['first', 'last'].map((id) => document.getElementById(id).getBoundingClientRect().x)"


@pytest.mark.parametrize("turned", ["\u202eANA", "\u202dANA\u202e", "\u2067ANA", "\u202bANA\u2069\u202e"])
def test_a_name_that_turns_moves_no_neighbour(browser: Browser, turned: str) -> None:
    page = browser.new_page()
    places = []
    for name in ("ANA", balanced(turned)):
        page.set_content(f"<style>{CSS}</style><body>{LINE.format(name)}</body>")
        places.append(page.evaluate(PLACES))
    page.close()

    assert places[0] == places[1]
