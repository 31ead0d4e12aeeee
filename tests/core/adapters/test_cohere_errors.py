"""How long Cohere wants to be left alone, and what is quoted of its words."""

from __future__ import annotations

import json

import httpx
import pytest
from cohere.core.api_error import ApiError
from cohere.core.parse_error import ParsingError

from core.adapters.cohere_errors import retry_after, translate
from core.errors import LONGEST_SECONDS, BadBatch, TryAgain


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "86400"}, 86400.0),
        ({"Retry-After-Ms": "1500", "Retry-After": "9"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "nan"}, None),
        ({"retry-after-ms": "inf"}, None),
        ({"retry-after": "999999999999"}, LONGEST_SECONDS),
        ({"retry-after-ms": "1e300"}, LONGEST_SECONDS),
        ({}, None),
    ],
)
def test_the_wait_is_read_in_every_way_it_is_written(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_wait_beyond_all_dates_is_one_of_a_year() -> None:
    error = translate(ApiError(status_code=429, headers={"retry-after": "9" * 30}, body=""), "embed-v4.0")

    assert isinstance(error, TryAgain)
    assert error.after == LONGEST_SECONDS
    assert TryAgain("Qdrant rests", after=1e15).after == LONGEST_SECONDS


def test_the_words_of_cohere_are_cut_short() -> None:
    error = translate(ApiError(status_code=422, body={"message": "x" * 5000}), "embed-v4.0")

    assert isinstance(error, BadBatch)
    assert len(str(error)) < 250


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (ParsingError(status_code=200, headers={}, body={}), "cohere_invalid_answer"),
        (json.JSONDecodeError("no", "", 0), "cohere_invalid_answer"),
        (httpx.DecodingError("no gzip"), "cohere_invalid_answer"),
        (httpx.ConnectTimeout("slow"), "cohere_timeout"),
        (httpx.ConnectError("refused"), "cohere_unreachable"),
        (ApiError(status_code=None, body="nothing"), "cohere_unwell"),
    ],
)
def test_what_the_sdk_raises_is_tried_again_under_its_own_code(raised: Exception, code: str) -> None:
    error = translate(raised, "embed-v4.0")

    assert isinstance(error, TryAgain)
    assert error.code == code


def test_the_trace_is_the_header_or_else_the_id_of_the_answer() -> None:
    headers = {"X-Debug-Trace-Id": "trace-1"}

    assert translate(ApiError(status_code=500, headers=headers, body={"id": "id-1"}), "m").trace_id == "trace-1"
    assert translate(ApiError(status_code=500, headers={}, body={"id": "id-1"}), "m").trace_id == "id-1"
    assert translate(ApiError(status_code=500, headers={}, body="gone"), "m").trace_id is None
