"""The import contracts are kept, and each one bites when it is broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "webapp", "worker")

# What breaks each contract: a line added to a module, and the contract that must then be named as broken.
BREACHES = {
    "The portal and the worker stand side by side on the core": ("worker/run.py", "import webapp"),
    "The core, from the command line down": ("core/candidates.py", "import core.jobs.ledger"),
    "Only the portal knows Flask": ("core/failures.py", "import flask"),
    "Only adapters know engines and providers": ("core/kinds/etl_sync.py", "import qdrant_client"),
    "The portal reaches the index only through the search": ("webapp/formatting.py", "import core.container"),
    "Views do not know each other": ("webapp/views/jobs.py", "import webapp.views.candidates"),
    "Kinds do not know each other": ("core/kinds/etl_sync.py", "import core.kinds.etl_embed"),
    "Only the command line starts the embedded stack": ("worker/run.py", "import core.stack"),
}


def lint(place: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    return subprocess.run(
        [*command, "--no-cache"], cwd=place, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(place)}
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_kept() -> None:
    answer = lint(ROOT)
    assert answer.returncode == 0, answer.stdout


def test_every_contract_has_a_breach_here() -> None:
    kept = {line.removesuffix(" KEPT") for line in lint(ROOT).stdout.splitlines() if line.endswith(" KEPT")}
    assert kept == set(BREACHES)


@pytest.mark.parametrize("contract", BREACHES)
def test_a_broken_contract_is_noticed(contract: str, copy: Path) -> None:
    file, line = BREACHES[contract]
    module = copy / file
    module.write_text(module.read_text() + f"\n{line}\n")
    answer = lint(copy)
    assert answer.returncode != 0
    assert f"{contract} BROKEN" in answer.stdout
