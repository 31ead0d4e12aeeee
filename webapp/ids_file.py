"""A file of people: ids one a line, or a table with a column of them, such as the list of candidates gives.

Whom a file means must be plain: what may be taken for another column than that of ids is refused with the cure.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

from flask import g, request

from core.errors import Invalid
from core.kinds.etl_embed import MOST_CHOSEN
from webapp.formatting import number
from webapp.i18n import gettext as _
from webapp.queries.text import clean

FIELD = "ids_file"
MEGABYTE = 1024 * 1024
LARGEST = 8 * MEGABYTE  # the list of 10,000 candidates is 2 MB
LET_IN = 32 * MEGABYTE  # of a request: what is a little too large is told so beside its field, not by a page of its own
TAKEN_BY = ("syncs.preview", "syncs.create")
COLUMNS = ("id", "candidate_id", "external_id")  # the first that a header names
OF_RECORDS = "record_id"  # in a list of failures, whose `id` is not that of a person
DELIMITERS = (",", ";", "\t", "|")
CUTS = ",;\t\r\n"  # where ids end that are pasted; one of a table cannot hold any
CUT = re.compile(f"[{CUTS}]")
SEVERAL = re.compile(f"[{''.join(DELIMITERS)}]")
SPREADSHEET = re.compile(r'\A\s*"?sep=.?"?[ \t]*(?:[\r\n]+|\Z)', re.IGNORECASE)  # a first line that says how to cut


def let_in() -> None:
    """Let this request be as large as a file, where one may come; to be asked before anything reads the form."""
    if request.endpoint in TAKEN_BY and request.mimetype == "multipart/form-data":
        request.max_content_length = LET_IN


def ids() -> list[str]:
    """Give the ids that the file holds, each once; none without a file. Raise Invalid with the cure.

    A file is read once a request, however often it is asked for.
    """
    if "ids_of_file" not in g:
        g.ids_of_file = _read()
    found: list[str]
    found, cure = g.ids_of_file
    if cure:
        raise Invalid(_("Some fields need a second look."), {FIELD: cure})
    return found


class _Unclear(Exception):
    """The file does not say plainly whom it means; its text is the cure."""


def _read() -> tuple[list[str], str]:
    """Give the ids of the file that was sent, or the cure."""
    sent = request.files.get(FIELD)
    if sent is None or not sent.filename:
        return [], ""
    content = sent.stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        most = number(LARGEST // MEGABYTE)
        return [], _("This file is larger than %(n)s MB. Leave only the column of ids in it.", n=most)
    try:
        return _different(_cells(content.decode("utf-8-sig"))), ""
    except UnicodeDecodeError:
        return [], _("This is no text in UTF-8. Save it as CSV in UTF-8, or as plain text.")
    except csv.Error:
        return [], _unreadable()
    except _Unclear as unclear:
        return [], str(unclear)


def _different(cells: Iterable[str]) -> list[str]:
    """Keep each id once; read no further than to know that they are too many."""
    found: dict[str, None] = {}
    for cell in cells:
        if cell and cell not in found:
            found[clean(cell)] = None
        if len(found) > MOST_CHOSEN:
            many = number(MOST_CHOSEN)
            raise _Unclear(_("There are more than %(n)s ids in this file. Split it into several.", n=many))
    return list(found)


def _cells(text: str) -> Iterable[str]:
    """Take the column of ids where the first line names one, else one id a line, or many of a single line."""
    text = SPREADSHEET.sub("", text, count=1)
    said = text.strip()
    if not said:
        raise _Unclear(_("There is nothing in this file."))
    if not re.search(r"[\r\n]", said):
        return (one[0].strip("\"' ") for one in re.finditer("[^,;\t]+", said))
    for delimiter in DELIMITERS:
        rows = _rows(text, delimiter)
        header = [_name(cell) for cell in next(rows, [])]
        taken = COLUMNS[-1:] if OF_RECORDS in header else COLUMNS
        if name := next((name for name in taken if name in header), None):
            return _column(rows, header.index(name), len(header))
    return _lines(_rows(text, ","))


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """Cut the lines that hold anything into cells. Only a line break ends a line; others may stand in a summary."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    stripped = ([cell.strip() for cell in row] for row in rows)
    return (row for row in stripped if any(row))


def _name(cell: str) -> str:
    """Write a column's name as ours are: `External-ID` is external_id."""
    return re.sub(r"[\s-]", "_", cell.strip("\"' ").lower())


def _column(rows: Iterable[list[str]], at: int, width: int) -> Iterator[str]:
    """Take one column. A row of another width than the header's was cut where it should not be."""
    for row in rows:
        if len(row) < width or any(row[width:]) or CUT.search(row[at]):
            raise _Unclear(_unreadable())
        yield row[at]


def _lines(rows: Iterable[list[str]]) -> Iterator[str]:
    """Take one id a line; what may be a table has no header that we know."""
    for row in rows:
        one = ",".join(row).strip(CUTS)
        if SEVERAL.search(one):
            raise _Unclear(_("The first line must name a column id or external_id."))
        yield one


def _unreadable() -> str:
    return _("This table cannot be read. Leave only the column of ids in it.")
