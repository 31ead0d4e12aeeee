"""The lines of a file, in bounded memory, whatever the file holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from core.intake.record import MOST_RECORD, TOO_LONG

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its end, unless there is a `problem`. Numbers count from 1."""

    number: int
    text: str
    problem: str = ""


def lines_of(file: BinaryIO) -> Iterator[Line]:
    """Yield the lines of a UTF-8 file, with or without a byte order mark."""
    number = 0
    while raw := file.readline(MOST_RECORD):
        number += 1
        if len(raw) == MOST_RECORD and not raw.endswith(b"\n"):
            while (rest := file.readline(MOST_RECORD)) and not rest.endswith(b"\n"):
                pass
            yield Line(number, "", TOO_LONG)
            continue
        yield _decoded(number, raw.removeprefix(BOM) if number == 1 else raw)


def _decoded(number: int, raw: bytes) -> Line:
    try:
        return Line(number, raw.decode())
    except UnicodeDecodeError as error:
        return Line(number, "", not_utf8(raw[error.start], error.start + 1))


def not_utf8(byte: int, place: int) -> str:
    return f"not UTF-8 (byte 0x{byte:02X} at place {place}; is it Latin-1?): save the file as UTF-8"
