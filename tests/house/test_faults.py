"""Every proof that docs/faults.md names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [line.split("|")[1:3] for line in (ROOT / "docs/faults.md").read_text().splitlines() if line.startswith("| ")]


@pytest.mark.parametrize(("fault", "proof"), ROWS[1:], ids=[fault.strip() for fault, _ in ROWS[1:]])
def test_each_fault_has_its_proof(fault: str, proof: str) -> None:
    named = re.findall(r"`([\w/]+\.py)`([\w, ]*)", proof)
    assert named or "make bench" in proof
    for file, tests in named:
        source = (ROOT / "tests" / file).read_text()
        for name in tests.replace(",", " ").split():
            assert f"def test_{name}" in source or f"_{name}" in source, f"{file} has no test {name}"
