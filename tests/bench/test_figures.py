"""The benchmark's arithmetic and its people; what it measures is not a test."""

from __future__ import annotations

import os

from bench.figures import Figures, cpu_seconds, family, median, peak_mb
from bench.people import rows
from bench.plain_loop import text_of
from bench.report import machine, table


def figures(seconds: float) -> Figures:
    return Figures(rows=100, seconds=seconds, cpu_seconds=0.5, peak_mb=1, calls=2, texts=100, points=100)


def test_the_run_in_the_middle_counts() -> None:
    assert median([figures(1), figures(9), figures(2)]).seconds == 2
    assert figures(2).rate == 50
    assert figures(2).cpu_us == 5000


def test_the_people_are_always_the_same_and_have_a_cv_of_about_220_tokens() -> None:
    people = list(rows(50))

    assert people == list(rows(50))
    assert len({person[0] for person in people}) == 50
    words = [
        len(f"{headline} {summary} {' '.join(skills)} {jobs} {schools}".split())
        for _, _, headline, summary, skills, jobs, schools, *_ in people
    ]
    assert 160 < sum(words) / len(words) < 240


def test_the_plain_loop_reads_the_whole_cv() -> None:
    jobs = [{"title": "Nurse", "company": "Clinic", "summary": "Cared"}]
    schools = [{"degree": "BSc", "school": "Leeds"}]

    text = text_of((1, "x", "Head", "Summary", ["SQL"], jobs, schools, "Lima"))

    assert text == "Head\nSummary\nSQL\nNurse at Clinic: Cared\nBSc, Leeds"


def test_a_process_tells_what_it_took() -> None:
    assert cpu_seconds(os.getpid()) > 0
    assert peak_mb(os.getpid()) > 1
    assert family(os.getpid())[0] == os.getpid()
    assert peak_mb(2**22 + 1) == 0


def test_the_table_reads_as_markdown_and_names_no_machine() -> None:
    assert table(("way", "rows/s"), [("plain", "1")]).splitlines() == [
        "| way   | rows/s |",
        "|-------|--------|",
        "| plain | 1      |",
    ]
    assert os.uname().nodename not in str(machine())
