"""The composition root: which adapters the settings make, and what is dropped after a fork."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy import text

from core.adapters.cohere_embedder import CohereEmbedder
from core.container import Container, container, fresh, redis_for
from core.errors import TryAgain
from core.settings import Settings
from tests.standins.cohere import CohereStandIn
from tests.standins.hung import HungStandIn

Apply = Callable[..., Settings]


@pytest.fixture
def house() -> Iterator[Callable[[Settings], Container]]:
    made: list[Container] = []

    def make(settings: Settings) -> Container:
        made.append(Container(settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("name", "model", "dimension", "priced"),
    [
        ("local", "use-m3", 512, False),
        ("local-fast", "wordllama", 256, False),
        ("cohere", "embed-v4.0", 1024, True),
    ],
)
def test_the_settings_choose_the_embedder(
    settings_env: Apply,
    house: Callable[[Settings], Container],
    name: str,
    model: str,
    dimension: int,
    priced: bool,
) -> None:
    ours = house(settings_env(EMBEDDER=name, COHERE_API_KEY="key"))
    ours.preload()

    embedder = ours.embedder

    assert (embedder.model, embedder.dimension, embedder.priced) == (model, dimension, priced)
    assert ours.embedder is embedder


def test_cohere_is_paced_and_guarded_through_redis(settings_env: Apply, house: Callable[[Settings], Container]) -> None:
    with CohereStandIn() as cohere:
        ours = house(settings_env(EMBEDDER="cohere", COHERE_API_KEY="key", COHERE_BASE_URL=cohere.url))

        ours.embedder.embed(["nurse"])

        assert isinstance(ours.embedder, CohereEmbedder)
        assert ours.embedder.batch == 95
        assert ours.redis.hget("limit:cohere", "sum") == b"1"
        assert len(ours.redis.keys("gate:*")) == 1


def test_everything_is_made_once_by_many_threads_at_once(
    settings_env: Apply, house: Callable[[Settings], Container]
) -> None:
    ours = house(settings_env(EMBEDDER="local"))

    with ThreadPoolExecutor(8) as pool:
        for name in ("engine", "sessions", "redis", "index", "claims", "limiter"):
            made = list(pool.map(lambda _, name=name: id(getattr(ours, name)), range(16)))  # type: ignore[misc]
            assert len(set(made)) == 1, name


def test_a_process_has_one_container_until_it_is_made_fresh(settings_env: Apply) -> None:
    settings_env()
    container.cache_clear()
    first = container()
    with first.sessions() as session:
        session.execute(text("SELECT 1"))

    second = fresh()

    assert first is not second
    assert container() is second
    assert second.redis.ping()
    second.close()
    first.close()
    container.cache_clear()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Python 3.12 and later dislike fork
def test_a_forked_process_leaves_its_parents_connection_alone(settings_env: Apply) -> None:
    settings_env()
    container.cache_clear()
    ours = container()
    with ours.sessions() as session:
        parents = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with fresh().sessions() as session:
                code = int(session.execute(text("SELECT pg_backend_pid()")).scalar_one() == parents)
        finally:
            os._exit(code)  # never back into pytest

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with ours.sessions() as session:
        assert session.execute(text("SELECT pg_backend_pid()")).scalar_one() == parents
    ours.close()
    container.cache_clear()


def test_the_limit_of_a_wiped_redis_knows_what_was_paid(
    settings_env: Apply, house: Callable[[Settings], Container]
) -> None:
    ours = house(settings_env(EMBEDDER="cohere", COHERE_API_KEY="key", EMBED_INPUTS_PER_MINUTE=100))
    with ours.sessions.begin() as session:
        session.execute(
            text(
                "INSERT INTO embedding_cache (text_hash, model, dimension, input_type, vector) "
                "SELECT sha256(n::text::bytea), 'embed-v4.0', 1, 'document', '' FROM generate_series(1, 99) n"
            )
        )

    with pytest.raises(TryAgain, match="the limit of 100 inputs a minute"):
        ours.limiter.acquire(50, urgent=True)


def test_a_redis_that_hangs_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.container.REDIS_SECONDS", 0.05)
    with (
        HungStandIn() as hung,
        redis_for(f"redis://127.0.0.1:{hung.port}/0") as client,
        pytest.raises(RedisTimeoutError),
    ):
        client.ping()

    assert len(hung.taken) == 1


def test_a_connection_that_broke_is_made_again(settings_env: Apply) -> None:
    url = settings_env().redis_url
    with redis_for(url) as client, Redis.from_url(url) as other:
        other.client_kill_filter(_id=str(client.client_id()))

        assert client.ping()
