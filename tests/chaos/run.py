"""One run: start everything, hurt it for a while, let it recover, and hold it against every invariant."""

from __future__ import annotations

import heapq
import itertools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from core import access, schema
from core.container import Container
from core.jobs.view import OVER
from core.settings import Settings
from tests.chaos import writes
from tests.chaos.bill import Bill
from tests.chaos.crew import Crew
from tests.chaos.engines import Engines
from tests.chaos.faults import LATENCY_SECONDS, harm
from tests.chaos.people import MARKER, People
from tests.chaos.portal import Portal
from tests.chaos.story import Story
from tests.chaos.witness import Witness
from tests.standins.cohere import CohereStandIn

PEOPLE = 4000
INPUTS_PER_MINUTE = 24_000
SETTLE_SECONDS = 90  # after which we wait no longer; to be settled in 30 is an invariant
LAST_SYNCS = 4
COPY_SECONDS = 5.0
TOKEN_OWNER = access.Actor("chaos")


@dataclass
class Run:
    """Everything of one run, as faults and invariants need it."""

    engines: Engines
    crew: Crew
    cohere: CohereStandIn
    portal: Portal
    people: People
    house: Container
    witness: Witness
    bill: Bill
    story: Story
    logs: Path
    seed: int
    settle_seconds: float = 0.0
    late: list[str] = field(default_factory=list)
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def lease_seconds(self) -> int:
        return self.house.settings.lease_seconds

    @property
    def timeout_seconds(self) -> float:
        return self.house.settings.embed_timeout_seconds

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Plan something; what is still planned when the faults end happens then."""
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), act))

    def hurt(self, seconds: float) -> None:
        """Go on for so many seconds: people change, syncs are launched, faults happen."""
        end = time.monotonic() + seconds
        harms, growth = self._dice_of("harms"), self._dice_of("growth")
        self._again(self.portal.act, 0.5, 2.5, end)
        self._again(self.people.act, 0.1, 0.8, end)
        self._again(lambda: self.people.insert(growth.randint(20, 120)), 2.0, 4.0, end)
        self._again(lambda: harm(self, harms), 0.3, 2.0, end)
        while time.monotonic() < end:
            self._tick(time.monotonic())

    def recover(self) -> None:
        """End all faults, and wait until everything has settled; then sync until nothing is left to do."""
        self._tick(float("inf"))
        self.engines.mend()
        self.cohere.script.heal()
        self.cohere.script.markers[:] = [MARKER]
        self.story.tell("the faults are over")
        began = time.monotonic()
        self.wait_over()
        self.settle_seconds = time.monotonic() - began
        self.story.tell(f"settled after {self.settle_seconds:.1f} s")
        for _ in range(LAST_SYNCS):
            job = self.sync_to_its_end()
            self.story.tell(f"the last sync is over: {job['status']}, {job['progress']}")
            if job["status"] in ("completed", "completed_with_errors") and not job["error"]:
                break
        self.witness.stop()

    def sync_to_its_end(self, **body: Any) -> dict[str, Any]:
        """Launch a sync and return what the API says of it when it is over; its copy may be a moment late."""
        job_id = self.portal.sync(**body)
        assert job_id is not None, "the portal launches nothing"
        self.wait_over()
        deadline = time.monotonic() + COPY_SECONDS
        while (job := self.portal.job(job_id) or {}).get("status") not in OVER and time.monotonic() < deadline:
            self.crew.look()
            time.sleep(0.1)
        return job

    def wait_over(self) -> None:
        """Wait until no job is open, or so long that none will end."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._open() and time.monotonic() < deadline:
            self.crew.look()
            time.sleep(0.1)

    def _again(self, act: Callable[[], str], least: float, most: float, end: float) -> None:
        pauses = self._dice_of(f"pauses from {least} to {most}")

        def once() -> None:
            if time.monotonic() < end:
                self.story.tell(act())
                self.after(pauses.uniform(least, most), once)

        self.after(pauses.uniform(least, most), once)

    def _dice_of(self, what: str) -> random.Random:
        """Give each sort of event dice of its own: how often one happens changes nothing of the others."""
        return random.Random(f"{self.seed} {what}")

    def _tick(self, now: float) -> None:
        self.crew.look()
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()
        time.sleep(0.02)

    def _open(self) -> bool:
        with psycopg.connect(self.engines.urls["DATABASE_URL"]) as connection:
            row = connection.execute("SELECT count(*) FROM jobs WHERE NOT status = ANY(%s)", [list(OVER)]).fetchone()
        return bool(row and row[0])


def run(seed: int, seconds: float, home: Path, check: Callable[[Run], None]) -> Run:
    """Run one seed in this folder, which is new, and let `check` look before everything is stopped."""
    (home / "logs").mkdir(parents=True)
    story = Story()
    engines = Engines(home)
    with CohereStandIn(latency=LATENCY_SECONDS) as cohere:
        cohere.script.markers.append(MARKER)
        engines.start()
        try:
            return _run(engines, cohere, home, seed, story, seconds, check)
        finally:
            engines.stop()


def _run(
    engines: Engines,
    cohere: CohereStandIn,
    home: Path,
    seed: int,
    story: Story,
    seconds: float,
    check: Callable[[Run], None],
) -> Run:
    values = _values(engines, cohere)
    schema.upgrade(engines.urls["DATABASE_URL"])
    writes.watch(engines.urls["DATABASE_URL"])
    house = Container(Settings(_env_file=None, **{name.lower(): value for name, value in values.items()}))  # type: ignore[call-arg]
    with house.sessions.begin() as session:
        _, token = access.create_token(session, "chaos", ["admin"], TOKEN_OWNER)
    house.close()
    crew = Crew(values, home)
    portal = Portal(crew.portal_port, token, story, random.Random(f"{seed} portal"))
    made = Run(
        engines=engines,
        crew=crew,
        cohere=cohere,
        portal=portal,
        people=People(engines.urls["DATABASE_URL"], random.Random(f"{seed} people")),
        house=house,
        witness=Witness(engines.urls["DATABASE_URL"], portal),
        bill=Bill(house.settings.embed_concurrency, cohere.script.calls, patience=house.settings.embed_timeout_seconds),
        story=story,
        logs=home / "logs",
        seed=seed,
    )
    try:
        story.tell(made.people.insert(PEOPLE))
        crew.start()
        made.witness.start()
        story.tell(f"the first sync is launched: {portal.sync()}")
        made.hurt(seconds)
        made.recover()
        check(made)
    finally:
        house.close()
        made.late = crew.stop()
    return made


def _values(engines: Engines, cohere: CohereStandIn) -> dict[str, str]:
    """Give the settings of every process: leases and pauses short, so that a minute is long."""
    return {
        **engines.urls,
        "SECRET_KEY": "only-for-chaos-0123456789",
        "EMBEDDER": "cohere",
        "COHERE_API_KEY": "key-of-the-chaos",
        "COHERE_BASE_URL": cohere.url,
        "EMBED_DIMENSION": "256",
        "EMBED_INPUTS_PER_MINUTE": str(INPUTS_PER_MINUTE),
        "EMBED_CONCURRENCY": "4",
        "EMBED_TIMEOUT_SECONDS": "3",
        "PART_SIZE": "480",
        "PART_SECONDS": "10",
        "LEASE_SECONDS": "3",
        "RETRY_FIRST_SECONDS": "0.5",
        "RETRY_MOST_SECONDS": "3",
        "LAUNCHES_PER_USER_PER_MINUTE": "10000",
        "JOBS_PER_USER_AT_ONCE": "10000",
        "LOG_LEVEL": "INFO",
    }
