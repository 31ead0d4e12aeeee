"""What a worker does when the process of a part has died."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from core.jobs.queues import RUN_PART
from core.models import Part
from core.settings import Settings
from core.stack.net import free_port
from tests.core.jobs.conftest import House, house
from tests.factories import people
from worker.run import part_died

__all__ = ["house"]


def message(job_id: uuid.UUID, n: int) -> Any:
    """Stand for RQ's own, of which only this is read."""
    return SimpleNamespace(func_name=RUN_PART, args=(str(job_id), n))


def test_its_part_is_handed_on_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RQ_WORKER_ID", "w-1")
    with house.sessions.begin() as session:
        people(session, 3)
    job_id = house.launch().job_id
    house.split(job_id)
    house.claim(job_id, holder="w-1")
    part_died(message(job_id, 0), 1, 9, None)
    with house.sessions() as session:
        assert session.get_one(Part, (job_id, 0)).status == "queued"


def test_with_postgresql_away_too_the_worker_lives_on(settings_env: Callable[..., Settings]) -> None:
    settings_env(DATABASE_URL=f"postgresql://vigia:secret@127.0.0.1:{free_port()}/vigia")
    part_died(message(uuid.uuid4(), 0), 1, 9, None)
