"""Acts on jobs by a worker: they need no index, and go on while Qdrant is away."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from core.access import Actor
from core.container import Container, container
from core.jobs import ledger
from core.jobs.launch import launch
from core.kinds import KINDS
from core.kinds.etl_sync import Sync
from core.kinds.jobs_bulk import Bulk
from core.settings import Settings
from worker.run import run_job


@pytest.fixture
def house(settings_env: Callable[..., Settings]) -> Iterator[Container]:
    """A worker whose Qdrant does not answer."""
    settings_env(EMBEDDER="local-fast", QDRANT_URL="http://127.0.0.1:1")
    container.cache_clear()
    yield container()
    container().close()
    container.cache_clear()


def test_jobs_are_cancelled_while_the_index_is_away(house: Container) -> None:
    with house.sessions() as session:
        waiting = launch(session, house.redis, KINDS["etl.sync"], Sync(), actor=Actor("ana")).job_id
        number = ledger.find(session, waiting).number
        bulk = Bulk(act="cancel", numbers=(number,))
        act = launch(session, house.redis, KINDS["jobs.bulk"], bulk, actor=Actor("ana")).job_id

    run_job(str(act))

    with container().sessions() as session:
        assert ledger.find(session, act).status == "completed"
        assert ledger.find(session, waiting).status == "cancelled"
