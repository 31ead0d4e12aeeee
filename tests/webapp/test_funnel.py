"""Whether the steps of a job add up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from core.jobs.view import JobView, PartView, StepView
from tests.core.jobs.test_live import VIEW
from webapp.funnel import gaps

# 100 read: 10 not needed, 5 unreadable; 80 to embed of which 4 are refused; 5 only to be removed from the index.
STEPS = (
    StepView("extract", "done", 100, 85, 10, 5),
    StepView("embed", "done", 80, 70, 6, 4),
    StepView("index", "done", 81, 81, 0, 0),
)
PARTS = (PartView(0, "done", 100, 81, 10, 9, 1, ""),)
WHOLE = replace(
    VIEW, status="completed_with_errors", total=100, done=81, skipped=10, failed=9, steps=STEPS, parts=PARTS
)


def said(app: Flask, **changes: object) -> str:
    job: JobView = replace(WHOLE, **changes)  # type: ignore[arg-type]
    with app.test_request_context():
        return " ".join(gaps(job))


def test_a_funnel_that_adds_up_says_nothing(app: Flask) -> None:
    assert said(app) == ""


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (StepView("extract", "done", 100, 85, 10, 4), "Extract took in 100 records, and accounts for 99."),
        (StepView("embed", "done", 80, 90, 0, 4), "Embed took in 80 records, and accounts for 94."),
        (
            StepView("index", "done", 60, 60, 0, 0),
            "81 records were to be written or removed, and 60 came to the index.",
        ),
        (StepView("extract", "done", 100, 86, 10, 4), "The job counts 9 failed records, and its steps 8."),
    ],
)
def test_a_funnel_that_does_not_says_where(app: Flask, step: StepView, sentence: str) -> None:
    assert sentence in said(app, steps=tuple(step if step.name == one.name else one for one in STEPS))


def test_what_is_under_way_is_no_gap(app: Flask) -> None:
    extract = StepView("extract", "running", 500, 85, 10, 5)

    assert said(app, status="running", total=500, steps=(extract, *STEPS[1:])) == ""


def test_a_part_that_failed_whole_is_no_gap(app: Flask) -> None:
    parts = (*PARTS, PartView(1, "failed", 50, 0, 0, 50, 3, ""))

    assert (
        said(app, failed=59, total=150, steps=(replace(STEPS[0], status="failed", total=150), *STEPS[1:]), parts=parts)
        == ""
    )
