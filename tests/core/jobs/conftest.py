"""A ledger on a real database and a real Redis, with fakes of the embedder and the index."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from core.access import Actor
from core.db import engine_for, sessions_for
from core.jobs import ledger, part_end
from core.jobs.kind import rivals_of
from core.jobs.launch import Launched, launch
from core.jobs.part_run import PartRun, Tools
from core.jobs.retry import selection_of
from core.jobs.split import split
from core.kinds import KINDS
from core.models import Part
from core.settings import Settings
from core.stop import Stop
from tests.fakes import FakeClaims, FakeEmbedder, FakeIndex

ANA = Actor("ana")


@dataclass
class House:
    """What a worker has, small enough for a test to turn every screw."""

    engine: Engine
    sessions: sessionmaker[Session]
    lease_sessions: sessionmaker[Session]
    redis: Redis
    settings: Settings
    embedder: FakeEmbedder = field(default_factory=FakeEmbedder)
    index: FakeIndex = field(default_factory=FakeIndex)
    claims: FakeClaims = field(default_factory=FakeClaims)
    stop: Stop = field(default_factory=Stop)

    def launch(self, kind: str = "etl.sync", **payload: Any) -> Launched:
        with self.sessions() as session:
            return launch(session, self.redis, KINDS[kind], KINDS[kind].payload(**payload), actor=ANA)

    def split(self, job_id: uuid.UUID) -> bool:
        collection = self.index.ensure("candidates", self.embedder.model, self.embedder.dimension)
        with self.sessions.begin() as session:
            job = ledger.find(session, job_id)
            own = KINDS[job.kind].split(KINDS[job.kind].payload(**job.payload), collection)
            return split(
                session,
                job_id,
                lambda job: selection_of(session, job, own),
                part_size=self.settings.part_size,
                call=self.embedder.batch,
                rivals=rivals_of(KINDS[job.kind], KINDS),
            )

    def claim(self, job_id: uuid.UUID, n: int = 0, holder: str = "w-1", lease: float = 15) -> Part | None:
        with self.sessions.begin() as session:
            return ledger.claim(session, job_id, n, holder=holder, lease=lease)

    def running(self, part: Part) -> PartRun:
        with self.sessions() as session:
            job = ledger.find(session, part.job_id)
        kind = KINDS[job.kind]
        assert self.index.collection is not None
        return PartRun(
            part,
            steps=kind.steps,
            payload=kind.payload(**job.payload),
            tools=Tools(
                settings=self.settings,
                sessions=self.sessions,
                lease_sessions=self.lease_sessions,
                redis=self.redis,
                embedder=self.embedder,
                index=self.index,
                claims=self.claims,
                kinds=KINDS,
            ),
            collection=self.index.collection,
            stop=self.stop,
        )

    def run(self, job_id: uuid.UUID) -> None:
        """Do what workers do, part by part, and close each that ends well."""
        self.split(job_id)
        with self.sessions() as session:
            kind = KINDS[ledger.find(session, job_id).kind]
            numbers = [part.n for part in ledger.parts_of(session, job_id)]
        for n in numbers:
            part = self.claim(job_id, n)
            assert part is not None
            with self.running(part) as run:
                kind.run(run)
            with self.sessions.begin() as session:
                part_end.finish(session, ledger.lock(session, job_id), run.ref)


@pytest.fixture
def house(settings_env: Callable[..., Settings]) -> Iterator[House]:
    settings = settings_env(PART_SIZE=96)
    engine = engine_for(settings.database_url)
    lease_engine = engine_for(settings.database_url, pool_size=1)
    redis = Redis.from_url(settings.redis_url)
    yield House(engine, sessions_for(engine), sessions_for(lease_engine), redis, settings)
    redis.close()
    lease_engine.dispose()
    engine.dispose()
