"""Records of JSON lines, and of one JSON document however large."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from core.intake.lines import lines_of
from core.intake.record import MOST_RECORD, TOO_LONG, Record, broken, parse
from core.intake.resume import columns_of, is_resume

CHUNK = 1 << 16
_OUTSIDE = re.compile(r'[{}\[\]"]')
_INSIDE = re.compile(r'["\\]')
_BETWEEN = " \t\r\n,[]"


def read_json_lines(file: BinaryIO) -> Iterator[Record]:
    """Yield one record for each line that is not blank."""
    for line in lines_of(file):
        if line.problem:
            yield broken(line.number, line.problem)
        elif line.text.strip():
            yield _record(line.number, line.text)


def read_json(file: BinaryIO) -> Iterator[Record]:
    """Yield the objects of a document: of its outermost list, or the one that it is."""
    for line, text, problem in _Splitter().objects(file):
        yield broken(line, problem) if problem else _record(line, text)


def _record(line: int, text: str) -> Record:
    try:
        value = parse(text)
        if not isinstance(value, dict):
            return broken(line, "not an object")
        return Record(line, columns_of(value) if is_resume(value) else value)
    except ValueError as error:
        return broken(line, str(error))


class _Splitter:
    """Cuts a document into the texts of its objects by counting brackets, so that a broken one spoils no other."""

    def __init__(self) -> None:
        self._line = 1
        self._start = 1  # the line where the object begins
        self._depth = 0
        self._outside = 0  # the depth between objects: 1 within a list
        self._in_string = False
        self._escaped = False
        self._pieces: list[str] = []
        self._size = 0

    def objects(self, file: BinaryIO) -> Iterator[tuple[int, str, str]]:
        """Yield line number, text, problem."""
        # What is not UTF-8 becomes lone surrogates, which the row refuses with its line.
        decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        begun = False
        while raw := file.read(CHUNK):
            chunk = decoder.decode(raw)
            if not begun and (text := chunk.lstrip()):
                begun, self._outside = True, int(text[0] == "[")
            yield from self._chunk(chunk)
        if self._depth > self._outside or self._in_string:
            yield self._start, "", "broken JSON: the file ends in the middle of this"

    def _chunk(self, chunk: str) -> Iterator[tuple[int, str, str]]:
        done = 0  # up to here the chunk belongs to objects that are cut off, or to none
        at = 1 if self._escaped and chunk else 0
        self._escaped = self._escaped and not chunk
        while match := (_INSIDE if self._in_string else _OUTSIDE).search(chunk, at):
            at, mark = match.end(), match[0]
            if mark == "\\":
                self._escaped = at == len(chunk)
                at += 1
            elif mark == '"':
                self._in_string = not self._in_string
            elif mark in "{[":
                if self._depth == self._outside:
                    yield from self._between(chunk[done : match.start()])
                    done, self._start = match.start(), self._line
                self._depth += 1
            elif self._depth > self._outside:
                self._depth -= 1
                if self._depth == self._outside:
                    yield self._cut(chunk[done:at])
                    done = at
            elif mark == "]":  # the outermost list ends; what follows is looked at as well
                self._depth = self._outside = 0
        if self._depth > self._outside:
            self._keep(chunk[done:])
        else:
            yield from self._between(chunk[done:])

    def _between(self, text: str) -> Iterator[tuple[int, str, str]]:
        """Pass over what stands between objects; what is more than commas and space is somebody's mistake."""
        if text.strip(_BETWEEN):
            yield self._line, "", "not an object"
        self._line += text.count("\n")

    def _cut(self, text: str) -> tuple[int, str, str]:
        self._keep(text)
        whole, size = "".join(self._pieces), self._size
        self._pieces, self._size = [], 0
        return (self._start, "", TOO_LONG) if size > MOST_RECORD else (self._start, whole, "")

    def _keep(self, text: str) -> None:
        self._size += len(text)
        self._line += text.count("\n")
        if self._size <= MOST_RECORD:
            self._pieces.append(text)
