"""Records of JSON lines and of JSON documents."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intake import json_file
from core.intake.json_file import read_json, read_json_lines
from core.intake.record import MOST_RECORD


def document(text: str | bytes) -> list[tuple[int, Any]]:
    raw = text.encode() if isinstance(text, str) else text
    return [(record.line, record.problem or record.columns) for record in read_json(io.BytesIO(raw))]


def lines(raw: bytes) -> list[tuple[int, Any]]:
    return [(record.line, record.problem or record.columns) for record in read_json_lines(io.BytesIO(raw))]


def test_each_line_is_read_by_itself_and_blank_ones_are_none() -> None:
    assert lines(b'\xef\xbb\xbf{"a": 1}\n\n{"b": "\xc3\xb1"}') == [(1, {"a": 1}), (3, {"b": "ñ"})]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"a": ]', "broken JSON at column 7: Expecting value"),
        (b"[1]", "not an object"),
        (b'"text"', "not an object"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": 1e999}', "a number is too big"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number of 5,000 digits is too big; at most 19"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deep"),
        (b'{"a": "\x00"}', "broken JSON at column 8: Invalid control character at"),
        (b'{"a": "\xf1"}', "not UTF-8 (byte 0xF1 at place 8; is it Latin-1?): save the file as UTF-8"),
        (b"x" * (3 * MOST_RECORD), "longer than 1,000,000 characters, which is the most for one person"),
    ],
)
def test_a_bad_line_is_named_and_the_next_is_read(line: bytes, problem: str) -> None:
    assert lines(line + b'\n{"b": 2}\n') == [(1, problem), (2, {"b": 2})]


def test_a_list_is_read_object_by_object_with_the_line_where_each_begins() -> None:
    assert document('[\n {"a": "}]\\""},\n\n {"b":\n [1, {}]}\n]\n') == [(2, {"a": '}]"'}), (4, {"b": [1, {}]})]


def test_a_lone_object_is_one_record() -> None:
    assert document('\n{"a":\n 1}') == [(2, {"a": 1})]
    assert document("[]") == []


def test_a_broken_object_spoils_no_other() -> None:
    broken, *others = document('[{"a":\n 1,},\n{"b": 2}, 7, "x{",\n{"c": 3}]')
    assert broken[0] == 1
    assert broken[1].startswith("broken JSON at line 2 of it, column ")
    assert others == [(3, {"b": 2}), (3, "not an object"), (4, {"c": 3})]


def test_a_document_that_breaks_off_says_where_its_last_object_began() -> None:
    assert document('[{"a": 1},\n{"b": [2') == [
        (1, {"a": 1}),
        (2, "broken JSON: the file ends in the middle of this"),
    ]
    assert document('{"a": "x')[0] == (1, "broken JSON: the file ends in the middle of this")


def test_what_follows_the_end_of_a_list_is_looked_at_too() -> None:
    assert document('[{"a": 1}]\n}\n{"b": 2}') == [(1, {"a": 1}), (1, "not an object"), (3, {"b": 2})]


def test_a_huge_object_is_named_and_not_kept() -> None:
    huge = '{"a": "' + "x" * MOST_RECORD + '"}'
    assert document(f'[{huge},\n{{"b": 2}}]') == [
        (1, "longer than 1,000,000 characters, which is the most for one person"),
        (2, {"b": 2}),
    ]


def test_a_resume_is_turned_into_columns_wherever_it_stands() -> None:
    resume = json.dumps({"basics": {"name": "Ana", "email": "ana@example.org"}})
    expected = {"external_id": "ana@example.org", "full_name": "Ana", "skills": [], "experience": [], "education": []}
    assert document(resume) == [(1, expected | {"languages": []})]
    assert lines(resume.encode()) == document(f"[{resume}]")


@given(
    st.lists(st.dictionaries(st.text(), st.recursive(st.text() | st.integers(0, 9), st.lists, max_leaves=5))),
    st.sampled_from([None, 1]),
    st.integers(1, 9),
)
def test_any_document_is_read_back_however_it_is_cut_into_chunks(
    objects: list[dict[str, Any]], indent: int | None, size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_file, "CHUNK", size)
        for escaped in (True, False):
            raw = json.dumps(objects, ensure_ascii=escaped, indent=indent).encode("utf-8", "surrogatepass")
            assert [columns for _, columns in document(raw)] == objects
