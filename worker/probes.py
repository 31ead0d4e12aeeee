"""Whether the dependencies answer, asked whenever somebody looks. Imports little: it is all the ops server needs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx
import psycopg
from redis import Redis, RedisError

from core.adapters.redis_gate import gate_of
from core.errors import until
from core.settings import Settings

FRESH_SECONDS = 1.0  # an answer so young is not asked for again
PATIENCE_SECONDS = 0.8  # whoever asks is answered by then, whatever hangs
NEEDED = ("db", "redis", "embedder")  # without Qdrant jobs wait and go on later


@dataclass(frozen=True, slots=True)
class Check:
    """One dependency: whether it answers, how many seconds ago that was seen, and what is wrong."""

    ok: bool
    age: float
    error: str | None


class Probe:
    """Asks one dependency from a thread of its own, so that one that hangs holds up nobody."""

    def __init__(self, ask: Callable[[], str | None]) -> None:
        """`ask` returns what is wrong with a dependency that answers, and raises when it does not."""
        self._ask = ask
        self._changed = threading.Condition()
        self._wanted = threading.Event()
        self._error: str | None = "not asked yet"
        self._at = -float("inf")
        threading.Thread(target=self._answer, daemon=True).start()

    def want(self) -> None:
        """Have it asked, unless the last answer is fresh."""
        if time.monotonic() - self._at > FRESH_SECONDS:
            self._wanted.set()

    def look(self, until: float) -> Check:
        """Wait for a fresh answer until that time of the monotonic clock."""
        with self._changed:
            while (age := time.monotonic() - self._at) > FRESH_SECONDS and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            if age > FRESH_SECONDS:
                return Check(False, round(min(age, 1e6), 3), "does not answer")
            return Check(self._error is None, round(age, 3), self._error)

    def _answer(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                error = self._ask()
            except (psycopg.Error, RedisError, httpx.HTTPError) as problem:
                # The type alone: the text may hold an address with its password.
                error = type(problem).__name__
            with self._changed:
                self._error, self._at = error, time.monotonic()
                self._changed.notify_all()


class Probes:
    """The dependencies of a worker: `db`, `redis`, `qdrant`, and `embedder`, the provider's word on our key."""

    def __init__(self, settings: Settings) -> None:
        self._probes = {
            "db": Probe(lambda: _database(settings)),
            "redis": Probe(lambda: _redis(settings)),
            "qdrant": Probe(lambda: _qdrant(settings)),
            "embedder": Probe(lambda: _embedder(settings)),
        }

    def look(self) -> dict[str, Check]:
        """Ask all of them at once; answers within PATIENCE_SECONDS."""
        until = time.monotonic() + PATIENCE_SECONDS
        for probe in self._probes.values():
            probe.want()
        return {name: probe.look(until) for name, probe in self._probes.items()}


def ready(checks: Mapping[str, Check]) -> bool:
    """Say whether what a worker cannot do without is there."""
    return all(checks[name].ok for name in NEEDED)


def _database(settings: Settings) -> None:
    with psycopg.connect(settings.database_url.replace("+psycopg", ""), connect_timeout=2) as connection:
        connection.execute("SELECT 1")


def _redis(settings: Settings) -> None:
    with _client(settings) as client:
        client.ping()


def _qdrant(settings: Settings) -> None:
    httpx.get(f"{settings.qdrant_url}/readyz", timeout=2).raise_for_status()


def _embedder(settings: Settings) -> str | None:
    """Say the cure when our key stands refused, as the workers found it: a probe of its own would be a call."""
    with _client(settings) as client:
        gate = gate_of(settings, client)
        refusal = gate.refusal() if gate else None
    return f"{refusal.detail} [refused at {until(refusal.at)}]" if refusal else None


def _client(settings: Settings) -> Redis:
    return Redis.from_url(settings.redis_url, socket_connect_timeout=2, socket_timeout=2)
