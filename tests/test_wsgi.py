"""The portal's door: it opens at once, and what the first question needs is loaded beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

from core.settings import Settings
from tests.worker.conftest import environment

LOOK = """
import json, sys, threading, wsgi
[loading] = [thread for thread in threading.enumerate() if thread.name == "preload"] or [None]
if loading:
    loading.join()
print(json.dumps([name in sys.modules for name in ("wordllama", "qdrant_client")]))
"""


def test_the_model_and_the_client_of_the_index_are_loaded_beside_the_first_pages(
    settings_env: Callable[..., Settings],
) -> None:
    settings_env(EMBEDDER="local-fast")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOOK], env=environment(), capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [True, True]
