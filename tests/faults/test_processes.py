"""What is killed, frozen, told to stop or restarted while a job runs: real processes on real engines."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from core import schema
from core.container import container
from core.jobs.view import OVER
from core.stack import postgres, valkey
from core.stack.children import Child, Program
from core.stack.net import free_port
from tests.conftest import FAST, PASSWORD
from tests.core.stack.test_children import gone, until
from tests.factories import people
from tests.faults.conftest import Env, Platform
from tests.standins.cohere import CohereStandIn
from tests.walks.conftest import eventually

FIRST_PART = 8  # calls: 3,000 people are cut into parts of 768
DURABLE = FAST | {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


def in_mid_job(platform: Platform, cohere: CohereStandIn, *, ticker: bool = True) -> tuple[psutil.Process, uuid.UUID]:
    """Start a worker on 3,000 people and return it with its job when one part is done and the next is being paid."""
    with platform.sessions.begin() as session:
        people(session, 3000)
    cohere.script.pause(after=FIRST_PART)
    if ticker:
        platform.ticker()
    worker = platform.worker()
    job_id = platform.launch()
    eventually(lambda: platform.job(job_id).done > 100 and cohere.script.in_flight)
    return psutil.Process(worker.pid), job_id


def ends_well(platform: Platform, cohere: CohereStandIn, job_id: uuid.UUID, *, twice: int) -> None:
    job = platform.wait_over(job_id, seconds=90)
    assert (job.status, job.done, job.failed) == ("completed", 3000, 0), platform.said()
    collection = platform.house.index.current("candidates")
    assert collection is not None and platform.house.index.count(collection.name, "candidate") == 3000
    billed = cohere.script.texts_billed()
    assert len(set(billed)) == 3000
    assert len(billed) - len(set(billed)) <= twice


@pytest.fixture
def engine() -> Iterator[Callable[[Program], Child]]:
    """Start an engine that the test may hurt."""
    children: list[Child] = []

    def start(program: Program) -> Child:
        child = Child(program)
        children.append(child)
        child.start()
        child.wait_ready()
        return child

    yield start
    for child in children:
        child.ask_to_stop()
        child.wait_stopped()


def on_other_engines(platform: Platform, env: Env, **urls: str) -> None:
    """Point the platform at other engines than the shared ones."""
    own = platform.settings
    container().close()
    container.cache_clear()
    platform.settings = env(EMBEDDER="cohere", COHERE_API_KEY="key-of-the-tests", COHERE_BASE_URL=own.cohere_base_url,
                            EMBED_DIMENSION=256, EMBED_INPUTS_PER_MINUTE=0, LEASE_SECONDS=3, RETRY_FIRST_SECONDS=0.5,
                            **urls)  # fmt: skip


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_a_restart_of_postgresql_costs_a_pause(
    platform: Platform,
    cohere: CohereStandIn,
    settings_env: Env,
    engine: Callable[[Program], Child],
    engines_home: Path,
    way: signal.Signals,
) -> None:
    home = engines_home / way.name
    home.mkdir(mode=0o711)
    port, place = free_port(), postgres.choose_place(home)
    postgres.prepare(place, PASSWORD)
    child = engine(postgres.program(place, port, PASSWORD, home / "postgres.log", DURABLE))
    url = postgres.url(port, PASSWORD)
    postgres.ensure_database(url)
    schema.upgrade(url)
    on_other_engines(platform, settings_env, DATABASE_URL=url)
    _, job_id = in_mid_job(platform, cohere)
    before = platform.job(job_id).done

    child.send(way)
    assert until(lambda: not child.alive)
    cohere.script.go_on()  # what was in flight is answered to a worker without a database
    child.start()
    child.wait_ready()

    assert platform.job(job_id).done >= before
    ends_well(platform, cohere, job_id, twice=platform.settings.embed_concurrency * 96)
    platform.stop()


def test_a_redis_that_is_away_for_seconds_loses_nothing(
    platform: Platform, cohere: CohereStandIn, settings_env: Env, engine: Callable[[Program], Child], tmp_path: Path
) -> None:
    port = free_port()
    child = engine(valkey.program(tmp_path / "valkey", port, PASSWORD, tmp_path / "valkey.log"))
    on_other_engines(platform, settings_env, REDIS_URL=valkey.url(port, PASSWORD))
    _, job_id = in_mid_job(platform, cohere)

    child.send(signal.SIGKILL)
    assert until(lambda: not child.alive)
    cohere.script.go_on()
    assert platform.job(job_id).status not in OVER  # the ledger still answers
    child.start()
    child.wait_ready()

    platform.worker()  # as the supervisor does for one that could not wait so long
    ends_well(platform, cohere, job_id, twice=platform.settings.embed_concurrency * 96)
    platform.stop()


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
def test_a_worker_stops_in_order_while_redis_is_away_or_hangs(
    platform: Platform,
    settings_env: Env,
    engine: Callable[[Program], Child],
    tmp_path: Path,
    fault: signal.Signals,
) -> None:
    port = free_port()
    child = engine(valkey.program(tmp_path / "valkey", port, PASSWORD, tmp_path / "valkey.log"))
    on_other_engines(platform, settings_env, REDIS_URL=valkey.url(port, PASSWORD))
    worker = platform.worker()
    assert until(lambda: any(client["cmd"] == "blpop" for client in platform.house.redis.client_list()))

    child.send(fault)
    worker.terminate()
    try:
        assert worker.wait(60) == 0
    finally:
        child.send(signal.SIGCONT)

    assert "register_not_left" in platform.said()
    assert "Traceback" not in platform.said()


def test_a_frozen_worker_that_wakes_up_late_changes_nothing(platform: Platform, cohere: CohereStandIn) -> None:
    frozen, job_id = in_mid_job(platform, cohere)
    family = [frozen, *frozen.children(recursive=True)]
    for process in family:
        process.suspend()
    cohere.script.go_on()
    platform.worker()
    ends_well(platform, cohere, job_id, twice=platform.settings.embed_concurrency * 96)
    ended = platform.job(job_id)

    for process in family:
        process.resume()
    frozen.terminate()
    platform.stop()
    after = platform.job(job_id)
    assert (after.status, after.done, after.updated_at) == (ended.status, ended.done, ended.updated_at)
    ends_well(platform, cohere, job_id, twice=platform.settings.embed_concurrency * 96)


@pytest.mark.parametrize("how", ["twice", "to the group"])
def test_a_worker_that_is_told_to_stop_impolitely_loses_nothing(
    platform: Platform, cohere: CohereStandIn, how: str
) -> None:
    worker, job_id = in_mid_job(platform, cohere)
    family = worker.children(recursive=True)
    told = [worker] if how == "twice" else [worker, *family]

    def tell() -> bool:
        """Signal them until nobody is left at work; RQ takes a second signal for one only after a second."""
        for process in told:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        return how == "to the group" or all(gone(process.pid) for process in family)

    eventually(tell)
    cohere.script.go_on()
    platform.processes[-1].wait(60)
    assert until(lambda: all(gone(process.pid) for process in family))
    job = platform.job(job_id)
    assert job.status not in OVER and 0 < job.done < 3000

    platform.worker()
    ends_well(platform, cohere, job_id, twice=platform.settings.embed_concurrency * 96)
