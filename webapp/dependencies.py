"""PostgreSQL, Redis, Qdrant and the workers: do they answer, how fast, and when were they asked last.

They are asked side by side in threads of their own, so that a page never waits for one that hangs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import httpx
from flask import current_app
from redis import Redis
from redis.exceptions import ResponseError
from sqlalchemy import Engine, text

from core.jobs.listeners import Listener, awake
from core.settings import Settings

AGE_SECONDS = 3.0  # an answer as young as this is not asked for again


@dataclass(frozen=True, slots=True)
class Check:
    """One answer. `ms` is how long it took; `said` is the error, cut; `listeners` are the workers, None = not known.

    `version` is what it says of itself; empty where it says nothing.
    """

    name: str
    ok: bool
    at: datetime
    ms: float | None = None
    said: str = ""
    version: str = ""
    listeners: tuple[Listener, ...] | None = None

    @property
    def workers(self) -> int:
        return len(self.listeners or ())

    @property
    def busy(self) -> int:
        return sum(listener.busy for listener in self.listeners or ())

    @property
    def queues(self) -> frozenset[str]:
        """Name the queues that somebody listens on."""
        return frozenset(name for listener in self.listeners or () for name in listener.queues)


class Dependencies:
    """What is known of each dependency; one value an app."""

    def __init__(self, asks: dict[str, Callable[[], Check]], http: httpx.Client) -> None:
        self._asks = asks
        self._http = http
        self._known: dict[str, Check] = {}
        self._asked: dict[str, Future[Check]] = {}
        self._threads = ThreadPoolExecutor(len(asks), thread_name_prefix="dependency")
        self._lock = threading.Lock()

    def look(self, patience: float) -> tuple[Check, ...]:
        """Give what is known, after `patience` seconds at most; a silent one counts as down."""
        with self._lock:
            stale = [name for name in self._asks if self._too_old(name)]
            for name in stale:
                if name not in self._asked or self._asked[name].done():
                    self._asked[name] = self._threads.submit(self._ask, name)
            waiting = [self._asked[name] for name in stale]
        wait(waiting, timeout=patience)
        return tuple(self._known.get(name) or _silent(name) for name in self._asks)

    def close(self) -> None:
        """Ask no more, and let go of the connection to Qdrant."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._http.close()

    def _too_old(self, name: str) -> bool:
        known = self._known.get(name)
        return known is None or (datetime.now(UTC) - known.at).total_seconds() > AGE_SECONDS

    def _ask(self, name: str) -> Check:
        began = time.perf_counter()
        try:
            check = self._asks[name]()
        except Exception as error:  # whatever it is, it is the answer
            check = _silent(name, _cut(error))
        self._known[name] = replace(check, ms=(time.perf_counter() - began) * 1000)
        return self._known[name]


def dependencies_of(settings: Settings, engine: Engine, client: Redis) -> Dependencies:
    """Say how each is asked."""
    headers = {"api-key": settings.qdrant_api_key} if settings.qdrant_api_key else {}
    http = httpx.Client(base_url=settings.qdrant_url, headers=headers, timeout=2)
    return Dependencies(
        {
            "PostgreSQL": lambda: _postgresql(engine),
            "Redis": lambda: _redis(client),
            "Qdrant": lambda: _qdrant(http),
            "Workers": lambda: _workers(client),
        },
        http,
    )


def look(patience: float = 0.5) -> tuple[Check, ...]:
    known: Dependencies = current_app.extensions["dependencies"]
    return known.look(patience)


def _postgresql(engine: Engine) -> Check:
    with engine.connect() as connection:
        version = connection.execute(text("SHOW server_version")).scalar_one()
    return Check("PostgreSQL", True, datetime.now(UTC), version=version.split()[0])


def _redis(client: Redis) -> Check:
    client.ping()
    known: dict[str, str] = {}
    with suppress(ResponseError):  # who may use it need not be allowed to ask this
        known = client.info("server")
    valkey = known.get("valkey_version")
    version = f"Valkey {valkey}" if valkey else known.get("redis_version", "")
    return Check("Redis", True, datetime.now(UTC), version=version)


def _qdrant(http: httpx.Client) -> Check:
    answer = http.get("/").raise_for_status()
    known = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    return Check("Qdrant", True, datetime.now(UTC), version=str(known.get("version", ""))[:40])


def _workers(client: Redis) -> Check:
    found = tuple(awake(client))
    return Check("Workers", bool(found), datetime.now(UTC), listeners=found)


def _silent(name: str, said: str = "") -> Check:
    return Check(name, False, datetime.now(UTC), said=said)


def _cut(error: Exception) -> str:
    """Name the error in a few words; addresses may carry passwords, so only its type is shown."""
    return type(error).__name__
