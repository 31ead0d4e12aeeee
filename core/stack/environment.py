"""The environment of the processes that we start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    """Give our environment to a process, with these changes; it finds our packages wherever it is started."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUNBUFFERED": "1",
        "OPENBLAS_NUM_THREADS": "1",  # many processes share the machine
    }
    return {**os.environ, **own, **changes}
