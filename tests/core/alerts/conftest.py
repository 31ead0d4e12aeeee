"""A scene for the rules: a real ledger and a real Redis."""

from __future__ import annotations

import pytest

from core.alerts.rule import Scene
from tests.core.jobs.conftest import House
from tests.core.jobs.conftest import house as house


@pytest.fixture
def scene(house: House) -> Scene:
    return Scene(house.settings, house.sessions, house.redis)
