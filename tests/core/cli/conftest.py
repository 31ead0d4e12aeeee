"""Commands run in this process, on this test's engines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from core.cli.main import run
from core.settings import Settings


class Outcome(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Vigia = Callable[..., Outcome]


@pytest.fixture
def vigia(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Vigia:
    """Run `vigia …` on a home without a stack, with the settings of the environment."""

    def call(*arguments: str) -> Outcome:
        code = run([*arguments, "--home", str(tmp_path / "home")])
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture
def on_engines(settings_env: Callable[..., Settings]) -> Callable[..., Settings]:
    """Settings of this test's engines, with the embedder that loads fastest."""
    settings_env(EMBEDDER="local-fast")
    return settings_env
