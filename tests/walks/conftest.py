"""Real worker and ticker processes on the real engines, and a real browser, for whole walks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy.orm import Session, sessionmaker

from core.access import Actor
from core.container import Container, container
from core.jobs import ledger
from core.jobs.launch import launch
from core.jobs.view import OVER
from core.kinds import KINDS
from core.models import Job
from core.settings import Settings
from tests.standins.cohere import CohereStandIn
from tests.walks.browsing import CHROMIUM, FLAGS, PEOPLE, Running, Watched, flawless, running
from tests.walks.patience import eventually

ROOT = Path(__file__).parents[2]
OPERATOR = Actor("marta")


@dataclass
class Platform:
    """The engines, a container of our own to look with, and the processes that were started."""

    settings: Settings
    logs: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def house(self) -> Container:
        return container()

    @property
    def sessions(self) -> sessionmaker[Session]:
        return self.house.sessions

    def start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.logs / f"{module}-{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", module, *arguments],
            cwd=ROOT,
            env=os.environ,
            stdout=log,
            stderr=log,
        )
        log.close()
        self.processes.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("worker")

    def ticker(self) -> subprocess.Popen[bytes]:
        return self.start("worker.ticker")

    def launch(self, kind: str = "etl.sync", **payload: object) -> uuid.UUID:
        with self.sessions() as session:
            payload_of = KINDS[kind].payload
            return launch(session, self.house.redis, KINDS[kind], payload_of(**payload), actor=OPERATOR).job_id

    def job(self, job_id: uuid.UUID) -> Job:
        with self.sessions() as session:
            return ledger.find(session, job_id)

    def wait_over(self, job_id: uuid.UUID, *, seconds: float = 60) -> Job:
        eventually(lambda: self.job(job_id).status in OVER, seconds=seconds, what=f"the end of {self.said()}")
        return self.job(job_id)

    def said(self) -> str:
        """Give the ends of the logs, for a failed test to show."""
        return "\n".join(f"{log.name}: {log.read_text()[-6000:]}" for log in self.logs.glob("*.log"))

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        try:
            for process in self.processes:
                process.wait(60)
        except subprocess.TimeoutExpired:
            self._tell_where_all_stand()
            raise
        finally:
            for process in self.processes:  # whatever happens, none may work on in the next test's database
                process.kill()
                process.wait()

    def _tell_where_all_stand(self) -> None:
        """Print the stacks of who would not end, children first."""
        for process in [each for each in self.processes if each.poll() is None]:
            family = psutil.Process(process.pid)
            for member in [*family.children(recursive=True), family]:
                print(member)
                member.send_signal(signal.SIGABRT)
                psutil.wait_procs([member], timeout=5)
        print(self.said())


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all walks: Playwright can be started once a process."""
    assert CHROMIUM is not None, "the browser's tests need Chromium: install Debian's package chromium, or set CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The stack that walks share which do not mind each other's rows: it takes half a minute to start."""
    with running(tmp_path_factory.mktemp("home") / "vigia", PEOPLE, "local") as stack:
        yield stack


@pytest.fixture
def watched(browser: Browser, stack: Running) -> Iterator[Watched]:
    """An admin's page on the shared stack; a test fails with whatever went wrong on it unseen."""
    with flawless(browser, stack) as watched:
        yield watched


@pytest.fixture
def cohere() -> Iterator[CohereStandIn]:
    with CohereStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def platform(settings_env: Callable[..., Settings], cohere: CohereStandIn, tmp_path: Path) -> Iterator[Platform]:
    """A platform on Cohere's stand-in, without a limit, and with leases short enough for tests."""
    settings = settings_env(
        EMBEDDER="cohere",
        COHERE_API_KEY="key-of-the-tests",
        COHERE_BASE_URL=cohere.url,
        EMBED_DIMENSION=256,
        EMBED_INPUTS_PER_MINUTE=0,
        LEASE_SECONDS=3,
        RETRY_FIRST_SECONDS=0.5,
    )
    container.cache_clear()
    running = Platform(settings, tmp_path)
    yield running
    running.stop()
    container().close()
    container.cache_clear()
