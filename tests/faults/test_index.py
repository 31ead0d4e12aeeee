"""What the vector server can do to a job."""

from __future__ import annotations

import httpx
import pytest

from core.container import container
from core.errors import TryAgain
from core.jobs.retry import retry
from core.kinds import KINDS
from tests.core.jobs.conftest import House
from tests.factories import people
from tests.faults.conftest import Env, Here
from tests.standins.cohere import CohereStandIn
from tests.walks.conftest import OPERATOR


@pytest.mark.parametrize("why", ["Qdrant does not answer", "Qdrant is slow", "Qdrant: no space left on device"])
def test_vectors_that_were_paid_for_outlive_an_index_that_is_away(house: House, why: str) -> None:
    with house.sessions.begin() as session:
        people(session, 90)
    job_id = house.launch().job_id
    house.split(job_id)

    def away() -> None:
        raise TryAgain(why, code="qdrant_unavailable", ours=True)

    house.index.before_write = away
    part = house.claim(job_id)
    assert part is not None
    with house.running(part) as run, pytest.raises(TryAgain, match=why):
        KINDS["etl.sync"].run(run)
    assert len(house.embedder.texts) == 90

    house.index.before_write = lambda: None
    with house.running(part) as run:
        KINDS["etl.sync"].run(run)
    assert len(house.embedder.texts) == 90  # not paid again
    assert house.index.collection is not None
    assert house.index.count(house.index.collection.name, "candidate") == 90


def test_an_acknowledgement_that_is_lost_writes_the_same_points_again(house: House) -> None:
    with house.sessions.begin() as session:
        people(session, 50)
    job_id = house.launch().job_id
    house.split(job_id)
    part = house.claim(job_id)
    assert part is not None and house.index.collection is not None
    real, name = house.index.write, house.index.collection.name

    def written_and_lost(collection, changes):  # type: ignore[no-untyped-def]
        real(collection, changes)
        raise TryAgain("the connection to Qdrant broke", code="qdrant_unavailable", ours=True)

    house.index.write = written_and_lost  # type: ignore[method-assign]
    with house.running(part) as run, pytest.raises(TryAgain):
        KINDS["etl.sync"].run(run)
    before = set(house.index.points[name])
    house.index.write = real  # type: ignore[method-assign]
    with house.running(part) as run:
        KINDS["etl.sync"].run(run)
    assert set(house.index.points[name]) == before
    assert len(house.embedder.texts) == len(before) == 50


def test_a_collection_that_goes_in_mid_job_stops_it_and_is_not_made_by_a_part(
    here: Here, cohere: CohereStandIn, qdrant: str
) -> None:
    here.add(600)
    job_id = here.launch()
    here.split(job_id)
    for collection in httpx.get(f"{qdrant}/collections").json()["result"]["collections"]:
        httpx.delete(f"{qdrant}/collections/{collection['name']}")

    job = here.work(job_id)
    assert (job.status, job.error_code, job.failed) == ("failed", "collection_missing", 600)
    assert "Launch a new sync" in (job.error_detail or "")
    assert httpx.get(f"{qdrant}/collections").json()["result"]["collections"] == []
    assert (len(cohere.script.calls), here.dead_letters()) == (0, 0)

    with here.platform.sessions() as session:
        again = retry(session, here.platform.house.redis, KINDS, job_id, actor=OPERATOR).job_id
    assert here.work(again).done == here.points() == 600


def test_a_collection_of_another_size_ends_a_job_with_the_cure(
    here: Here, cohere: CohereStandIn, settings_env: Env
) -> None:
    here.add(100)
    assert here.work(here.launch()).done == 100
    calls = len(cohere.script.calls)
    own = here.platform.settings
    settings_env(EMBEDDER="cohere", COHERE_API_KEY="key-of-the-tests", COHERE_BASE_URL=own.cohere_base_url,
                 EMBED_DIMENSION=512, EMBED_INPUTS_PER_MINUTE=0)  # fmt: skip
    assert container().embedder.dimension == 512

    job = here.work(here.launch(force=True))
    assert (job.status, job.error_code) == ("failed", "collection_mismatch")
    assert "EMBED_DIMENSION" in (job.error_detail or "")
    assert (len(cohere.script.calls), here.points()) == (calls, 100)
