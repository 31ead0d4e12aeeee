"""The composition root: from the settings to the adapters, once per process, each made when it is first asked for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from redis import Redis
from redis.backoff import ConstantBackoff, ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from core import embedding_cache
from core.adapters import cohere_embedder, fast_embedder, local_embedder, qdrant_index
from core.adapters.cohere_embedder import CohereEmbedder
from core.adapters.fast_embedder import FastEmbedder
from core.adapters.local_embedder import LocalEmbedder
from core.adapters.qdrant_index import QdrantIndex
from core.adapters.redis_claims import RedisClaims
from core.adapters.redis_gate import Refusal, gate_of
from core.adapters.redis_limiter import RedisLimiter
from core.db import engine_for, sessions_for
from core.holds import Holds, Refusals
from core.pace import PROVIDER
from core.ports import Claims, Embedder, Limiter, VectorIndex
from core.settings import Settings, settings

T = TypeVar("T")

CONNECTIONS = 4
# What we tell Redis is a copy, or said again: nobody waits long for it.
REDIS_SECONDS = 2.0
# A worker waits up to 15 s for a message in one call.
MESSAGE_SECONDS = 20.0
# Beyond the provider's own timeout: for what is done with an answer, and for a pause of the machine.
SPARE_SECONDS = 10.0


@dataclass(frozen=True)
class Container:
    """What the settings make of the ports. Thread-safe; not to be carried over a fork (see `fresh`)."""

    settings: Settings
    _pid: int = field(default_factory=os.getpid, repr=False)
    _made: dict[str, Any] = field(default_factory=dict, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def engine(self) -> Engine:
        """A pool of few connections to PostgreSQL: each costs a job 20 ms to open, and is held for a millisecond."""
        return self._once("engine", lambda: engine_for(self.settings.database_url, pool_size=CONNECTIONS))

    @property
    def sessions(self) -> sessionmaker[Session]:
        return self._once("sessions", lambda: sessions_for(self.engine))

    @property
    def lease_sessions(self) -> sessionmaker[Session]:
        """For who renews a lease: by a connection of its own, for the others may all wait for a lock."""
        return self._once("lease_sessions", lambda: sessions_for(self._lease_engine))

    @property
    def redis(self) -> Redis:
        """A client that answers bytes, and gives up a Redis that hangs after two seconds."""
        return self._once("redis", lambda: redis_for(self.settings.redis_url))

    @property
    def limiter(self) -> Limiter:
        """The pace of calls to the provider, shared by all processes."""
        return self._once("limiter", self._limiter)

    @property
    def claims(self) -> Claims:
        keep = self.settings.embed_timeout_seconds + SPARE_SECONDS
        return self._once("claims", lambda: RedisClaims(self.redis, keep_seconds=keep))

    @property
    def index(self) -> VectorIndex:
        return self._once("index", lambda: QdrantIndex(self.settings.qdrant_url, self.settings.qdrant_api_key))

    @property
    def embedder(self) -> Embedder:
        return self._once("embedder", self._embedder)

    def refusal(self) -> Refusal | None:
        """Say whether the provider has refused the key of our settings; by a look into Redis. Raises RedisError."""
        gate = gate_of(self.settings, self.redis, Refusals(self.sessions))
        return gate.refusal() if gate else None

    def preload(self) -> None:
        """Import and read what a job needs, so that forked processes share it. Connects to nothing."""
        QdrantIndex(self.settings.qdrant_url).close()  # httpx imports half of itself with its first client
        match self.settings.embedder:
            case "cohere":
                cohere_embedder.load()
            case "local":
                local_embedder.load()
            case "local-fast":
                fast_embedder.load()

    def preload_search(self) -> None:
        """Import and read what a search needs."""
        self.preload()
        qdrant_index.load()

    def close(self) -> None:
        """Close the connections of this process."""
        self.abandon()
        if "redis" in self._made:
            self.redis.close()

    def abandon(self) -> None:
        """Let go of all connections but those of Redis, whose client minds a fork itself.

        After a fork they belong to the parent and are only forgotten here, not closed.
        """
        ours = self._pid == os.getpid()
        for name in ("engine", "lease_engine"):
            if name in self._made:
                self._made[name].dispose(close=ours)
        for name in ("embedder", "index"):
            close = getattr(self._made.get(name), "close", None)
            if ours and close:
                close()

    @property
    def _lease_engine(self) -> Engine:
        return self._once("lease_engine", lambda: engine_for(self.settings.database_url, pool_size=1))

    def _limiter(self) -> RedisLimiter:
        def paid(seconds: float) -> int:
            with self.sessions() as session:
                return embedding_cache.paid_since(session, seconds)

        holds = Holds(self.sessions, PROVIDER)
        return RedisLimiter(self.redis, PROVIDER, self.settings.inputs_per_minute, paid, holds=holds)

    def _embedder(self) -> Embedder:
        match self.settings.embedder:
            case "cohere":
                return self._cohere()
            case "local":
                return LocalEmbedder()
            case "local-fast":
                return FastEmbedder()

    def _cohere(self) -> CohereEmbedder:
        own = self.settings
        gate = gate_of(own, self.redis, Refusals(self.sessions))
        assert gate is not None and own.cohere_api_key is not None  # the settings see to it
        return CohereEmbedder(
            api_key=own.cohere_api_key,
            model=own.embed_model,
            dimension=own.embed_dimension,
            limiter=self.limiter,
            gate=gate,
            base_url=own.cohere_base_url,
            timeout=own.embed_timeout_seconds,
            concurrency=own.embed_concurrency,
            inputs_per_minute=own.inputs_per_minute,
        )

    def _once(self, name: str, make: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._made:
                self._made[name] = make()
            made: T = self._made[name]
        return made


@cache
def container() -> Container:
    """Give this process's container."""
    return Container(settings())


def fresh() -> Container:
    """Give a new container that shares no connection with the old one: the first thing in a forked process."""
    if container.cache_info().currsize:
        container().abandon()
    container.cache_clear()
    return container()


def redis_for(url: str) -> Redis:
    """Make a client that tries once more where a connection broke, and never where Redis hangs.

    A command makes its connection inside of its own retries: each of these multiplies those of the handshake.
    """
    return Redis.from_url(
        url,
        socket_connect_timeout=1,
        socket_timeout=REDIS_SECONDS,
        health_check_interval=30,
        retry=Retry(ConstantBackoff(0.25), retries=1, supported_errors=(RedisConnectionError,)),
    )


def listening_redis_for(url: str) -> Redis:
    """Make the client by which a worker waits for messages, which has nothing better to do while Redis hangs."""
    return Redis.from_url(
        url,
        socket_connect_timeout=2,
        socket_timeout=MESSAGE_SECONDS,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.3, base=0.05), retries=4),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )
