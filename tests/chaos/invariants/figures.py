"""What the machines that watch us are told is what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.ledger_figures import lasting_differences

if TYPE_CHECKING:
    from tests.chaos.run import Run


def figures_equal_the_ledger(run: Run) -> Iterator[str]:
    yield from lasting_differences(f"http://127.0.0.1:{run.crew.ops_port}", run.engines.urls["DATABASE_URL"])
