"""A file of people: ids one a line, or a table with a column of them, such as the list of candidates gives."""

from __future__ import annotations

import csv

from flask import request

from core.errors import Invalid
from webapp.i18n import gettext as _

FIELD = "ids_file"
LARGEST = 8 * 1024 * 1024  # bytes; the list of 10,000 candidates is 2 MB
TAKEN_BY = ("syncs.preview", "syncs.create")
COLUMNS = ("id", "external_id")  # the first that a header names
DELIMITERS = (",", ";", "\t", "|")


def let_in() -> None:
    """Let this request be as large as a file, where one may come; to be asked before anything reads the form."""
    if request.endpoint in TAKEN_BY and request.mimetype == "multipart/form-data":
        request.max_content_length = LARGEST


def ids() -> str:
    """Give what the file holds as it would have been pasted; nothing without a file. Raise Invalid with the cure."""
    sent = request.files.get(FIELD)
    if sent is None or not sent.filename:
        return ""
    try:
        sent.stream.seek(0)
        lines = sent.stream.read().decode("utf-8-sig").splitlines()
        if any(line.strip() for line in lines):
            return "\n".join(_column(lines))
        cure = _("There is nothing in this file.")
    except UnicodeDecodeError:
        cure = _("This is no text in UTF-8. Save it as CSV in UTF-8, or as plain text.")
    except csv.Error:
        cure = _("This table cannot be read. Leave only the column of ids in it.")
    raise Invalid(_("Some fields need a second look."), {FIELD: cure})


def _column(lines: list[str]) -> list[str]:
    """Take the column of ids where the first line names one, else the lines as they are."""
    for delimiter in DELIMITERS:
        header = [name.strip().lower() for name in next(csv.reader(lines[:1], delimiter=delimiter))]
        if name := next((name for name in COLUMNS if name in header), None):
            at = header.index(name)
            rows = csv.reader((line + "\n" for line in lines[1:]), delimiter=delimiter)
            return [row[at] for row in rows if len(row) > at]
    return lines
