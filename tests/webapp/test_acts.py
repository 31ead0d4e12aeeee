"""Every action that the program writes into the audit has its words."""

from __future__ import annotations

import re
from pathlib import Path

from webapp.acts import ACTS, act, job_id

ROOT = Path(__file__).parents[2]
CALL = re.compile(
    r"\brecord\(\s*(?:[\w.]+(?:\(\))?|Actor\([^)]*\)),\s*(?:[\w.]+(?:\(\))?|Actor\([^)]*\)),\s*\"([a-z.]+)\""
)


def test_every_action_has_words_and_no_words_are_left_over() -> None:
    code = "".join(path.read_text() for name in ("core", "webapp", "worker") for path in (ROOT / name).rglob("*.py"))
    assert set(CALL.findall(code)) == set(ACTS)


def test_an_action_without_words_is_shown_as_it_is() -> None:
    assert act("thing.done") == "thing.done"


def test_only_an_id_is_taken_for_a_job() -> None:
    assert str(job_id("9a0c4f3e-6f0a-4c1e-9b53-000000000001")) == "9a0c4f3e-6f0a-4c1e-9b53-000000000001"
    assert job_id("person:Eva") is None
