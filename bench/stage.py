"""What a benchmark runs on: the embedded engines in a folder that goes away, and Cohere's stand-in beside them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from redis import Redis

from core import schema
from core.stack import engines, postgres
from core.stack.children import Child
from core.stack.home import Home

ROOT = Path(__file__).parents[1]
MODEL, DIMENSION = "embed-v4.0", 1024
LEDGER = "jobs, parts, job_events, failures, idempotency_keys, index_state, embedding_cache, audit_events"


@dataclass(frozen=True, slots=True)
class Stage:
    """The engines' addresses and the environment of the processes that are measured."""

    urls: Mapping[str, str]
    cohere_url: str
    logs: Path

    def env(self, **settings: object) -> dict[str, str]:
        """Make the environment of a process of ours."""
        known = {
            **os.environ,
            **self.urls,
            "SECRET_KEY": "only-for-the-benchmark",
            "EMBEDDER": "cohere",
            "COHERE_API_KEY": "key-of-the-benchmark",
            "COHERE_BASE_URL": self.cohere_url,
            "EMBED_MODEL": MODEL,
            "EMBED_DIMENSION": str(DIMENSION),
            "EMBED_INPUTS_PER_MINUTE": "0",
        }
        return known | {name: str(value) for name, value in settings.items()}

    def forget(self) -> None:
        """Leave only the candidates, as before the first sync."""
        with psycopg.connect(self.urls["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(f"TRUNCATE {LEDGER} CASCADE")
        with httpx.Client(base_url=self.urls["QDRANT_URL"], timeout=60) as qdrant:
            for collection in qdrant.get("/collections").json()["result"]["collections"]:
                qdrant.delete(f"/collections/{collection['name']}").raise_for_status()
        with Redis.from_url(self.urls["REDIS_URL"]) as redis:
            redis.flushall()
        self.script(heal=True)
        httpx.delete(f"{self.cohere_url}/calls").raise_for_status()

    def script(self, **wish: object) -> None:
        """Change what the stand-in does."""
        httpx.post(f"{self.cohere_url}/script", json=wish).raise_for_status()

    def calls(self) -> tuple[int, int, int]:
        """Say how many calls and texts the stand-in was asked for, and how many calls at once."""
        report = httpx.get(f"{self.cohere_url}/calls", timeout=60).json()
        return len(report["calls"]), report["texts"], report["most_in_flight"]

    def points(self) -> int:
        """Count the points of all collections."""
        with httpx.Client(base_url=self.urls["QDRANT_URL"], timeout=60) as qdrant:
            names = [item["name"] for item in qdrant.get("/collections").json()["result"]["collections"]]
            counts = [qdrant.post(f"/collections/{name}/points/count", json={"exact": True}) for name in names]
        return sum(int(answer.json()["result"]["count"]) for answer in counts)


@contextmanager
def stage() -> Iterator[Stage]:
    """Start the engines and the stand-in, migrate, and stop them all at the end."""
    with scratch() as folder, running(folder) as urls, cohere() as cohere_url:
        place = Stage(urls, cohere_url, folder / "logs")
        os.environ.update(place.env())  # a launch reads the settings here, in the process that measures
        yield place


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="vigia-bench-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def kept(home: str | None) -> Iterator[Path]:
    """Give the folder that keeps what is filled for the next time, or one that goes away."""
    with nullcontext(Path(home)) if home else scratch() as folder:
        yield folder


@contextmanager
def running(folder: Path) -> Iterator[Mapping[str, str]]:
    """Start the engines with their files in a folder, migrated, and stop them at the end; give their addresses."""
    with ExitStack() as stack:
        home = Home(folder)
        home.make()
        # Nobody's settings: an engine that is already there may hold what must not be lost.
        planned = engines.plan(home, {})
        children = [Child(program) for program in planned.programs]
        stack.callback(_stop, children)
        for child in children:
            child.start()
        for child in children:
            child.wait_ready()
        postgres.ensure_database(planned.urls["DATABASE_URL"])
        schema.upgrade(planned.urls["DATABASE_URL"])
        yield planned.urls


def _stop(children: list[Child]) -> None:
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.wait_stopped()


@contextmanager
def cohere() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.standins.cohere"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
