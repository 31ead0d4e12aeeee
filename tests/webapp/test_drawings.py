"""Drawn once for many, unless it holds what is one reader's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, g

from webapp.drawings import MOST, Drawings


@pytest.fixture(autouse=True)
def request_there_is() -> Iterator[None]:
    with Flask(__name__).test_request_context():
        yield


def test_the_second_reader_gets_what_was_drawn_for_the_first() -> None:
    drawings = Drawings()

    assert [drawings.get("key", lambda: "first"), drawings.get("key", lambda: "second")] == ["first", "first"]


def test_another_key_is_another_drawing() -> None:
    drawings = Drawings()

    assert [drawings.get("one", lambda: "first"), drawings.get("two", lambda: "second")] == ["first", "second"]


def test_a_drawing_with_a_token_is_its_readers_own() -> None:
    drawings = Drawings()
    g.csrf_token = "one's own"

    assert [drawings.get("key", lambda: "first"), drawings.get("key", lambda: "second")] == ["first", "second"]


def test_a_drawing_that_fails_is_tried_again() -> None:
    drawings = Drawings()

    with pytest.raises(ZeroDivisionError):
        drawings.get("key", lambda: str(1 / 0))

    assert drawings.get("key", lambda: "whole") == "whole"


def test_only_the_last_drawings_are_kept() -> None:
    drawings = Drawings()
    for n in range(MOST + 1):
        drawings.get(n, lambda: "early")

    assert [drawings.get(0, lambda: "late"), drawings.get(MOST, lambda: "late")] == ["late", "early"]
