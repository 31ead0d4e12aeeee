"""Which tests run in the same process where pytest-xdist starts several."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# They start stacks, workers and browsers: one of them at a time is enough for a machine.
CROWDED = ("tests/chaos/", "tests/faults/", "tests/walks/")


class OneCrowdAtATime(LoadScopeScheduling):
    """Keeps the tests of a file together, for they share what is dear to make, and all that fill a machine."""

    def _split_scope(self, nodeid: str) -> str:
        return "crowded" if nodeid.startswith(CROWDED) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneCrowdAtATime:
    return OneCrowdAtATime(config, log)
