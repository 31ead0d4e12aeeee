"""Forms made from payloads: fields, values there and back, a sentence for each bad field."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from werkzeug.datastructures import MultiDict

from core.errors import Invalid
from core.jobs.kind import Payload
from webapp.forms import fields_of, form_of, payload_from


class Inner(Payload):
    city: str | None = None
    least: int | None = Field(None, ge=0)


class Sample(Payload):
    count: int = Field(1, ge=1, le=9, title="How many", description="Up to nine.")
    ratio: float | None = None
    force: bool = False
    mode: Literal["fast", "slow"] | None = None
    words: tuple[str, ...] = ()
    ids: tuple[Annotated[int, Field(ge=1)], ...] = ()
    inner: Inner | None = None


def read(**fields: str) -> Sample:
    return payload_from(Sample, MultiDict(fields))


def test_every_type_has_its_control() -> None:
    widgets = {field.name: field.widget for field in fields_of(Sample)}

    assert widgets == {
        "count": "number",
        "ratio": "number",
        "force": "tick",
        "mode": "choice",
        "words": "words",
        "ids": "lines",
        "inner.city": "text",
        "inner.least": "number",
    }


def test_titles_help_and_choices_come_from_the_payload() -> None:
    fields = {field.name: field for field in fields_of(Sample)}

    assert (fields["count"].label, fields["count"].help) == ("How many", "Up to nine.")
    assert fields["mode"].choices == ("fast", "slow")
    assert fields["inner.city"].label == "City"


def test_an_empty_form_is_the_default_payload() -> None:
    assert read(count="", words="", ids=" ", **{"inner.city": ""}) == Sample()


def test_lists_are_read_by_comma_and_by_line() -> None:
    sample = read(words="dbt, Apache Spark\nSQL", ids="3 4,5\n6;7")

    assert sample.words == ("dbt", "Apache Spark", "SQL")
    assert sample.ids == (3, 4, 5, 6, 7)


def test_numbers_may_be_grouped_by_spaces() -> None:
    assert read(count=" 7 ").count == 7


@given(
    st.builds(
        Sample,
        count=st.integers(1, 9),
        force=st.booleans(),
        mode=st.sampled_from(["fast", "slow", None]),
        words=st.lists(st.from_regex(r"[a-zá][a-zá ]*[a-zá]", fullmatch=True), max_size=3).map(tuple),
        ids=st.lists(st.integers(1, 10**12), max_size=5).map(tuple),
    )
)
def test_a_payload_survives_the_way_through_its_form(sample: Sample) -> None:
    assert payload_from(Sample, MultiDict(form_of(sample.model_dump()))) == sample


@pytest.mark.parametrize(
    ("fields", "name", "sentence"),
    [
        ({"count": "x"}, "count", "“x” is not a whole number."),
        ({"count": "10"}, "count", "Too large: at most 9."),
        ({"count": "0"}, "count", "Too small: at least 1."),
        ({"ids": "3 x"}, "ids", "“x” is not a whole number."),
        ({"inner.least": "-1"}, "inner.least", "Too small: at least 0."),
    ],
)
def test_each_bad_field_gets_a_sentence(app: Flask, fields: dict[str, str], name: str, sentence: str) -> None:
    with app.test_request_context(), pytest.raises(Invalid) as refused:
        read(**fields)

    assert refused.value.errors == {name: sentence}
