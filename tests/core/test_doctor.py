"""The doctor tells what is wrong with each dependency, and the cure."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from core import doctor
from core.container import container
from core.doctor import Away, Unfit
from core.settings import Settings
from core.stack import vector_server
from core.stack.children import Child
from core.stack.net import free_port
from tests.standins.cohere import CohereStandIn

ROOT = Path(__file__).parents[2]

Env = Callable[..., Settings]


@pytest.fixture
def locked_vectors(tmp_path: Path) -> Iterator[str]:
    """URL of a vector server that asks for the key `right`."""
    port = free_port()
    child = Child(vector_server.program(tmp_path / "vectors", port, tmp_path / "vectors.log", "right"))
    child.start()
    child.wait_ready()
    yield vector_server.url(port)
    child.ask_to_stop()
    child.wait_stopped()


def test_a_collection_of_another_model_is_told_with_the_cure(settings_env: Env) -> None:
    settings_env(EMBEDDER="local-fast")
    container().index.ensure("candidates", "another-model", 7)
    with pytest.raises(Unfit, match=r"another-model with 7 dimensions.*EMBED_MODEL"):
        doctor.collection(container())


def test_the_collection_of_the_settings_is_well(settings_env: Env) -> None:
    settings_env(EMBEDDER="local-fast")
    assert "none yet" in doctor.collection(container())
    model = container().embedder
    container().index.ensure("candidates", model.model, model.dimension)
    assert model.model in doctor.collection(container())


def test_a_refused_cohere_key_is_told(settings_env: Env) -> None:
    with CohereStandIn() as cohere:
        settings_env(EMBEDDER="cohere", COHERE_API_KEY="bad-key", COHERE_BASE_URL=cohere.url)
        cohere.script.refused_keys.add("bad-key")
        with pytest.raises(Unfit, match="COHERE_API_KEY") as told:
            doctor.embedder(container())
    assert "bad-key" not in str(told.value)


def test_a_refused_qdrant_key_is_told(settings_env: Env, locked_vectors: str) -> None:
    with pytest.raises(Unfit, match="QDRANT_API_KEY"):
        doctor.vectors(settings_env(QDRANT_URL=locked_vectors, QDRANT_API_KEY="wrong"))
    assert "1.20.0" in doctor.vectors(settings_env(QDRANT_URL=locked_vectors, QDRANT_API_KEY="right"))


def test_a_refused_redis_password_is_told(settings_env: Env, redis_url: str) -> None:
    with pytest.raises(Unfit, match="password"):
        doctor.queue_store(settings_env(REDIS_URL=redis_url.replace("only-for-tests", "wrong")))


@pytest.mark.parametrize("url", ["redis://127.0.0.1:no-port/0", "redis://127.0.0.1:1/0"])
def test_a_redis_url_that_leads_nowhere_is_told(settings_env: Env, url: str) -> None:
    with pytest.raises(Unfit, match="REDIS_URL"):
        doctor.queue_store(settings_env(REDIS_URL=url))


def test_no_worker_starts_on_a_collection_of_another_size(settings_env: Env) -> None:
    settings_env(EMBEDDER="local-fast")
    container().index.ensure("candidates", "another-model", 7)
    with pytest.raises(Unfit, match=r"7 dimensions.*COLLECTION"):
        doctor.require_fit(container())


def test_no_worker_starts_where_queues_may_be_thrown_away(settings_env: Env, redis: Redis) -> None:
    settings_env(EMBEDDER="local-fast")
    redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(Unfit, match=r"allkeys-lru.*noeviction"):
            doctor.require_fit(container())
    finally:
        redis.config_set("maxmemory-policy", "noeviction")


def test_no_worker_starts_with_a_budget_that_nobody_could_count(settings_env: Env) -> None:
    settings = settings_env(COHERE_API_KEY="k", EMBED_MODEL="embed-of-tomorrow", MONTHLY_BUDGET=50)
    with pytest.raises(Unfit, match=r"MONTHLY_BUDGET cannot be kept.*embed-of-tomorrow.*PRICES_FILE"):
        doctor.require_fit(container())
    assert doctor.budget(settings.model_copy(update={"embed_model": "embed-v4.0"})) == "50.00 USD a month"


def test_a_worker_starts_while_qdrant_is_away(settings_env: Env) -> None:
    settings_env(EMBEDDER="local-fast", QDRANT_URL="http://127.0.0.1:1")
    with pytest.raises(Away):
        doctor.vectors(container().settings)
    doctor.require_fit(container())


def test_a_process_of_a_worker_says_why_it_does_not_start(settings_env: Env) -> None:
    settings_env(EMBEDDER="local-fast")
    container().index.ensure("candidates", "another-model", 7)
    ended = subprocess.run([sys.executable, "-m", "worker"], cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert (ended.returncode, "7 dimensions" in ended.stderr, "Traceback" in ended.stderr) == (2, True, False)
