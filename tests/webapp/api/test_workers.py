"""Workers for scripts."""

from __future__ import annotations

import pytest

from tests.webapp.api.conftest import Script
from tests.webapp.views.test_workers import FACTS, NAME, worker

__all__ = ["worker"]


@pytest.mark.usefixtures("worker")
def test_scripts_see_and_do_the_same(operator: Script) -> None:
    listed = operator.get("/workers").json
    assert listed is not None
    [seen] = listed["items"]
    assert (seen["name"], seen["state"], seen["memory"], seen["order"]) == (NAME, "idle", FACTS["memory"], None)
    drained = operator.post(f"/workers/{NAME}/drains", {"reason": "why"}).json
    assert drained is not None
    assert (drained["state"], drained["order"]["what"]) == ("drained", "drain")
    assert (operator.post(f"/workers/{NAME}/resumptions", {}).json or {})["order"] is None
    assert operator.post(f"/workers/{NAME}/stops", {"reason": ""}).status_code == 422
    assert operator.post(f"/workers/{NAME}/stops", {"reason": "why"}).status_code == 202
