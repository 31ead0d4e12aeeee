"""Nothing lost, nothing doubled, whatever happens: a seed of chaos of about a minute."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.chaos.report import report_on

SEED = int(os.environ.get("CHAOS_SEED", "1"))
BUSY_SECONDS = 60  # instead of 30: other tests may share the machine
SECONDS = float(os.environ.get("CHAOS_SECONDS", "35"))


@pytest.mark.timeout(SECONDS + 300)
def test_after_random_faults_every_invariant_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):
        monkeypatch.delenv(name, raising=False)  # who is killed writes no coverage, and is slower for it
    home = Path(tempfile.mkdtemp(prefix="vigia-chaos-"))
    try:
        report = report_on(SEED, SECONDS, home / "home", settled_within=BUSY_SECONDS)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    assert not report.breaches, f"\n{report}"
    print(report)
