"""Records of a CSV file, whose delimiter the header gives away. One broken line does not take the next with it."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from core.errors import Invalid
from core.intake.lines import Line, lines_of
from core.intake.record import MOST_RECORD, Record, broken, parse
from core.intake.row import REQUIRED

DELIMITERS = (",", ";", "\t", "|")
LISTS = ("skills", "languages")
JSONS = ("experience", "education")
BOOLEANS = {"true": True, "yes": True, "1": True, "sí": True, "false": False, "no": False, "0": False}

csv.field_size_limit(MOST_RECORD)


def read_csv(file: BinaryIO) -> Iterator[Record]:
    """Yield the records below the header. Raises Invalid when the header does not name what is required."""
    lines = lines_of(file)
    header = next(lines, Line(1, ""))
    delimiter, names = header_of(header)
    for first, text, problem in _records(lines, delimiter):
        if problem:
            yield broken(first, problem)
        elif text.strip():
            yield _record(first, text, delimiter, names)


def header_of(header: Line) -> tuple[str, list[str]]:
    """Find the delimiter that makes sense of the header, and the columns' names."""
    for delimiter in DELIMITERS:
        names = [name.strip().lower() for name in _cells(header.text.rstrip("\r\n"), delimiter)]
        if set(REQUIRED) <= set(names):
            if twice := {name for name in names if names.count(name) > 1}:
                raise Invalid(f"the header names {', '.join(sorted(twice))} twice")
            return delimiter, names
    raise Invalid(header.problem or f"the first line must name the columns, {' and '.join(REQUIRED)} among them")


def _records(lines: Iterator[Line], delimiter: str) -> Iterator[tuple[int, str, str]]:
    """Put lines together while a quote is open: line number, text, problem.

    Where a quote is never closed, its own line is given up and the lines behind it are looked at again.
    """
    again: deque[Line] = deque()
    while line := again.popleft() if again else next(lines, None):
        taken, size, problem = [line], len(line.text), line.problem
        is_open = not problem and _is_open(line.text, delimiter, False)
        while is_open and not problem:
            follower = again.popleft() if again else next(lines, None)
            if follower is None or size > MOST_RECORD:
                problem = "a quote is opened and never closed"
                again.extendleft(reversed(taken[1:] + ([follower] if follower else [])))
                break
            taken.append(follower)
            size += len(follower.text)
            problem = follower.problem
            is_open = _is_open(follower.text, delimiter, True)
        yield line.number, "".join(part.text for part in taken), problem


def _is_open(text: str, delimiter: str, is_open: bool) -> bool:
    """Say whether a quote is open at the end of a line; a quote opens only at the start of a field."""
    at = 0
    while True:
        if not is_open and text.startswith('"', at):
            is_open, at = True, at + 1
        if is_open:
            at = text.find('"', at) + 1
            if at == 0:
                return True
            if text.startswith('"', at):  # two quotes are one of the text
                at += 1
                continue
            is_open = False
        at = text.find(delimiter, at) + 1
        if at == 0:
            return False


def _cells(text: str, delimiter: str) -> list[str]:
    return next(csv.reader([text], delimiter=delimiter), [])


def _record(line: int, text: str, delimiter: str, names: Sequence[str]) -> Record:
    try:
        cells = _cells(text, delimiter)
        if len(cells) != len(names):
            return broken(line, f"{len(cells)} fields; the header has {len(names)}")
        columns = {name: _value(name, cell) for name, cell in zip(names, cells, strict=True) if name}
    except csv.Error as error:
        return broken(line, f"broken CSV: {error}")
    except ValueError as error:
        return broken(line, str(error))
    return Record(line, {name: value for name, value in columns.items() if value is not None or name not in REQUIRED})


def _value(name: str, cell: str) -> Any:
    """Give a cell the type of its column; what has none is left for the row to refuse. An empty cell is no value."""
    text = cell.strip()
    if not text:
        return None
    if name in (*LISTS, *JSONS) and text[0] in "[{":
        return parse(text)
    if name in LISTS:
        separator = next((mark for mark in ";|\n," if mark in text), ",")
        return [item.strip() for item in text.split(separator) if item.strip()]
    if name == "years_experience" and text.isdecimal() and len(text) < 10:
        return int(text)
    if name == "opted_out":
        return BOOLEANS.get(text.lower(), text)
    return cell
