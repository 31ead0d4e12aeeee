"""What a file is: its content says so, and its name where the content leaves it open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.errors import Invalid
from core.intake.csv_file import header_of, read_csv
from core.intake.json_file import read_json, read_json_lines
from core.intake.lines import BOM, lines_of
from core.intake.record import Record, parse

LOOK = 1 << 16
LINES = (".jsonl", ".ndjson")


def records_of(file: BinaryIO, path: Path) -> Iterator[Record]:
    """Choose the reader. Raises Invalid when the file is none that we can read."""
    start = file.read(LOOK)
    file.seek(0)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Invalid("the file is UTF-16: save it as UTF-8")
    text = start.removeprefix(BOM).lstrip()
    if not text:
        raise Invalid("the file is empty")
    named_lines = path.suffix.lower() in LINES and text[:1] != b"[" and text.split(b"\n", 1)[0].strip() != b"{"
    if named_lines or _is_lines(text):
        return read_json_lines(file)
    if text[:1] in (b"{", b"["):
        return read_json(file)
    header_of(next(lines_of(file)))
    file.seek(0)
    return read_csv(file)


def _is_lines(text: bytes) -> bool:
    """Say whether the first line is a whole object and another follows."""
    first, end, rest = text.partition(b"\n")
    if not (first.startswith(b"{") and end and rest.lstrip().startswith(b"{")):
        return False
    try:
        parse(first.decode(errors="replace"))
    except ValueError:
        return False
    return True
