"""A list as a file: nothing of the request is held while it is read, and no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import QueuePool
from sqlalchemy.orm import Session

from tests.webapp.conftest import Visitor, plain
from tests.webapp.factories import make_act
from webapp import exports
from webapp.extensions import db
from webapp.queries import audit
from webapp.queries.page import BATCH


def file(app: Flask, ending: str, *rows: dict[str, object]) -> str:
    with app.test_request_context():
        return exports.download("things", ending, lambda session: rows).get_data(as_text=True)


@pytest.mark.parametrize("cell", ["=cmd()", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(app: Flask, cell: str) -> None:
    assert next(csv.DictReader(io.StringIO(file(app, "csv", {"a": cell}), newline="")))["a"] == f"'{cell}"


def test_every_value_has_its_form(app: Flask) -> None:
    row = {"at": datetime(2026, 11, 22, tzinfo=UTC), "none": None, "list": [1, "ñ"], "yes": True, "n": -1}

    assert file(app, "csv", row).splitlines() == [
        "at,none,list,yes,n",
        '2026-11-22T00:00:00+00:00,,"[1,""ñ""]",true,-1',
    ]
    assert file(app, "json", row, row).count('"list":[1,"ñ"]') == 2


def test_an_empty_list_is_an_empty_file(app: Flask) -> None:
    assert file(app, "csv") == ""
    assert file(app, "json") == "[]\n"


def test_a_reader_who_stops_halfway_holds_no_connection(app: Flask, session: Session) -> None:
    for _ in range(BATCH + 1):
        make_act(session)
    session.commit()
    with app.test_request_context():
        pool = cast(QueuePool, db.engine.pool)
        before = pool.checkedout()
        answer = exports.download("audit", "json", lambda own: map(line, audit.each(own, audit.AuditFilter())))
        pieces: Iterator[Any] = iter(answer.response)
        next(pieces)
        assert pool.checkedout() == before
        list(pieces)
        assert pool.checkedout() == before


def line(event: object) -> dict[str, object]:
    return {"reason": "x" * 100}


def test_a_list_that_cannot_be_read_gets_a_page_as_any_other(viewer: Visitor) -> None:
    answer = viewer.get("/candidates.csv?location=%00")

    assert answer.status_code == 422
    assert "This cannot be used" in plain(answer)


def test_who_asks_for_the_headers_alone_holds_no_connection(app: Flask, viewer: Visitor) -> None:
    with app.app_context():
        pool = cast(QueuePool, db.engine.pool)
    before = pool.checkedout()

    assert viewer.client.head("/candidates.csv").status_code == 200
    assert pool.checkedout() == before
