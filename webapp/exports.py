"""A list as a file: CSV for spreadsheets, JSON for programs. Written while it is read, however long it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

import orjson
from flask import Response
from sqlalchemy.orm import Session

from webapp.extensions import db

Row = Mapping[str, object]
FIRST, CHUNK = 1024, 64 * 1024  # bytes
# A spreadsheet takes a cell that begins like this for a formula, and runs it.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def download(name: str, ending: str, rows: Callable[[Session], Iterable[Row]]) -> Response:
    """Answer with the file `name.ending`; `ending` is csv or json. Each row has the same fields, in their order.

    The rows are read in a session of their own, for the request is over before the download is. The first are read at
    once: what fails then gets the page of its error.
    """
    write, media_type = WRITERS[ending]
    pieces = _gathered(write(_read(Session(db.engine, expire_on_commit=False), rows)))
    named = {"Content-Disposition": f'attachment; filename="{name}.{ending}"'}
    response = Response(chain((next(pieces),), pieces), headers=named, content_type=media_type)
    response.call_on_close(pieces.close)
    return response


def _read(own: Session, rows: Callable[[Session], Iterable[Row]]) -> Iterator[Row]:
    with own:
        yield from rows(own)


def _gathered(pieces: Iterable[bytes]) -> Generator[bytes]:
    """Join lines, for to send each by itself takes longer than to read it; the first few go at once."""
    held, enough = bytearray(), FIRST
    for piece in pieces:
        held += piece
        if len(held) >= enough:
            yield bytes(held)
            held.clear()
            enough = CHUNK
    yield bytes(held)


def _csv(rows: Iterable[Row]) -> Iterator[bytes]:
    line = io.StringIO()
    writer = csv.writer(line)
    for number, row in enumerate(rows):
        if not number:
            writer.writerow(row)
        writer.writerow([_cell(value) for value in row.values()])
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()


def _json(rows: Iterable[Row]) -> Iterator[bytes]:
    between = b"[\n"
    for row in rows:
        yield between + orjson.dumps(dict(row), default=_plain)
        between = b",\n"
    yield b"[]\n" if between == b"[\n" else b"\n]\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: Any) -> str:
    """Write what JSON has no form for."""
    return str(value)


WRITERS: dict[str, tuple[Callable[[Iterable[Row]], Iterator[bytes]], str]] = {
    "csv": (_csv, "text/csv; charset=utf-8"),
    "json": (_json, "application/json"),
}
