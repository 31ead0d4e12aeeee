"""Records of a CSV file."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from core.intake.csv_file import read_csv
from core.intake.record import MOST_RECORD, Record

HEADER = b"external_id,full_name,summary\n"


def read(raw: bytes) -> list[Record]:
    return list(read_csv(io.BytesIO(raw)))


def columns(raw: bytes) -> list[dict[str, Any]]:
    assert not [record.problem for record in read(raw) if record.problem]
    return [record.columns for record in read(raw)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_gives_the_delimiter_away(delimiter: str) -> None:
    raw = f"full_name{delimiter}External_ID\nAna{delimiter}a-1\n".encode()
    assert columns(raw) == [{"full_name": "Ana", "external_id": "a-1"}]


def test_a_byte_order_mark_is_passed_over() -> None:
    assert columns(b"\xef\xbb\xbf" + HEADER + "1,Íñigo,x\n".encode())[0]["full_name"] == "Íñigo"


def test_a_quoted_field_may_hold_lines_quotes_and_commas() -> None:
    (record,) = read(HEADER + b'1,Ana,"one, ""two""\r\nthree"\n')
    assert record.columns["summary"] == 'one, "two"\r\nthree'
    assert record.line == 2


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    records = read(HEADER + b'1,Ana,"a\nb\nc"\n\n2,Bea,x\n')
    assert [(record.line, record.columns["full_name"]) for record in records] == [(2, "Ana"), (6, "Bea")]


def test_a_quote_that_is_never_closed_costs_its_own_line_only() -> None:
    records = read(HEADER + b'1,Ana,"open\n2,Bea,x\n3,Eva,y\n')
    assert [(record.line, record.problem) for record in records] == [
        (2, "a quote is opened and never closed"),
        (3, ""),
        (4, ""),
    ]


def test_an_open_quote_is_not_looked_for_through_the_whole_file() -> None:
    filler = b"".join(b"%d,Bea,%s\n" % (n, b"x" * 1000) for n in range(3 * MOST_RECORD // 1000))
    records = read(HEADER + b'0,Ana,"open\n' + filler)
    assert sum(bool(record.problem) for record in records) == 1
    assert len(records) == 1 + 3 * MOST_RECORD // 1000


def test_a_quote_inside_a_field_is_a_letter_like_any_other() -> None:
    assert columns(HEADER + b'1,Ana,a 5" pipe\n2,Bea,x\n')[0]["summary"] == 'a 5" pipe'


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"1,Ana\n", "2 fields; the header has 3"),
        (b"1,Ana,x,y\n", "4 fields; the header has 3"),
        (b"1,An\ra,x\n", "broken CSV: new-line character seen in unquoted field"),
        (b"1,Mu\xf1oz,x\n", "not UTF-8 (byte 0xF1 at place 5; is it Latin-1?): save the file as UTF-8"),
        (b"1,Ana," + b"x" * MOST_RECORD + b"\n", "longer than 1,000,000 characters, which is the most for one person"),
    ],
)
def test_a_bad_line_is_named_and_the_next_is_read(line: bytes, problem: str) -> None:
    bad, good = read(HEADER + line + b"2,Bea,x\n")
    assert bad.line == 2
    assert bad.problem.startswith(problem)
    assert (good.line, good.columns["full_name"]) == (3, "Bea")


def test_cells_get_the_types_of_their_columns() -> None:
    header = b"external_id,full_name,skills,languages,experience,education,years_experience,opted_out,headline\n"
    row = b'1,Ana,python; sql,"[""es"", ""en""]","[{""title"": ""Cook""}]",BSc,7,yes,=cmd()\n'
    assert columns(header + row) == [
        {
            "external_id": "1",
            "full_name": "Ana",
            "skills": ["python", "sql"],
            "languages": ["es", "en"],
            "experience": [{"title": "Cook"}],
            "education": "BSc",
            "years_experience": 7,
            "opted_out": True,
            "headline": "=cmd()",
        }
    ]


def test_an_empty_cell_is_no_value_and_a_required_one_is_missing() -> None:
    assert columns(HEADER + b"1,, \n") == [{"external_id": "1", "summary": None}]


def test_broken_json_in_a_cell_is_named() -> None:
    (record,) = read(b'external_id,full_name,experience\n1,Ana,"[{]"\n')
    assert record.problem.startswith("broken JSON")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"id,name\n1,Ana\n", "external_id and full_name"),
        (b"external_id,full_name,full_name\n", "full_name twice"),
        (b"external_id,full_name,a\xf1o\n", "not UTF-8"),
    ],
)
def test_a_header_that_makes_no_sense_refuses_the_file(raw: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        read(raw)


@given(st.lists(st.tuples(st.text(alphabet='a",\n;ñ', min_size=1), st.text(alphabet='b"\n,', max_size=8))))
def test_what_a_csv_writer_writes_is_read_back(rows: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["external_id", "full_name", "headline"])
    writer.writerows([("x", name, headline) for name, headline in rows])
    expected = [(name if name.strip() else None, headline if headline.strip() else None) for name, headline in rows]
    records = columns(out.getvalue().encode())
    assert [(record.get("full_name"), record["headline"]) for record in records] == expected
