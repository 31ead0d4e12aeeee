"""The ways of indexing that are compared, each on the same stage: a plain loop as a process, and the product."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from sqlalchemy.orm import Session

from bench.figures import Figures, cpu_seconds, family, peak_mb
from bench.stage import ROOT, Stage
from core.access import Actor
from core.db import engine_for
from core.jobs import ledger
from core.jobs.launch import launch
from core.jobs.view import OVER
from core.kinds import KINDS
from core.models import Job

SAMPLE_SECONDS = 0.1  # seldom enough to take nothing from what is measured; peaks and times are the kernel's own
PATIENCE_SECONDS = 600


def plain(stage: Stage, kind: str) -> Figures:
    """Run the plain loop; `kind` is how it asks for the vectors: float or base64."""
    command = [sys.executable, "-m", "bench.plain_loop", kind]
    done = subprocess.run(command, cwd=ROOT, env=stage.env(), stdout=subprocess.PIPE, check=True, text=True)
    figures = json.loads(done.stdout)
    calls, texts, _ = stage.calls()
    return Figures(**figures, calls=calls, texts=texts, points=stage.points())


def product(stage: Stage, rows: int, *, workers: int = 1, **settings: object) -> Figures:
    """Launch a sync as an operator does, with real workers waiting, and measure from the launch to its end."""
    env = stage.env(**settings)
    with running_workers(stage, env, workers) as processes, _watched([process.pid for process in processes]) as peaks:
        cpu = sum(cpu_seconds(process.pid) for process in processes)
        job = _sync(stage)
        while any(len(family(process.pid)) > 1 for process in processes):
            time.sleep(SAMPLE_SECONDS)  # what a child took is known when it has ended
        cpu = sum(cpu_seconds(process.pid) for process in processes) - cpu
    if job.status != "completed" or job.done != rows or job.finished_at is None:
        raise SystemExit(
            f"the sync ended {job.status} with {job.done:,} of {rows:,}: {job.error_detail or job.message}"
        )
    calls, texts, _ = stage.calls()
    return Figures(
        rows=rows,
        seconds=(job.finished_at - job.created_at).total_seconds(),
        cpu_seconds=cpu,
        peak_mb=max(peaks.values()),
        calls=calls,
        texts=texts,
        points=stage.points(),
    )


def _sync(stage: Stage) -> Job:
    kind = KINDS["etl.sync"]
    engine = engine_for(stage.urls["DATABASE_URL"])
    with Redis.from_url(stage.urls["REDIS_URL"]) as redis, Session(engine) as session:
        job_id = launch(session, redis, kind, kind.payload(), actor=Actor("bench")).job_id
        job = _until_over(session, job_id)
        session.expunge(job)
    engine.dispose()
    return job


def _until_over(session: Session, job_id: uuid.UUID) -> Job:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        job = ledger.find(session, job_id)
        session.commit()
        if job.status in OVER:
            session.refresh(job)
            return job
        time.sleep(SAMPLE_SECONDS)
    raise SystemExit(f"the sync was not over after {PATIENCE_SECONDS} s")


@contextmanager
def running_workers(stage: Stage, env: dict[str, str], count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start real worker processes, wait until they listen, and stop them in the end."""
    with (stage.logs / "bench-workers.log").open("ab") as log:
        processes = [
            subprocess.Popen([sys.executable, "-m", "worker"], cwd=ROOT, env=env, stdout=log, stderr=log)
            for _ in range(count)
        ]
    try:
        with Redis.from_url(stage.urls["REDIS_URL"]) as redis:
            while int(redis.scard("rq:workers")) < count:
                if any(process.poll() is not None for process in processes):
                    raise SystemExit((stage.logs / "bench-workers.log").read_text()[-2000:])
                time.sleep(SAMPLE_SECONDS)
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)


@contextmanager
def _watched(pids: list[int]) -> Iterator[dict[int, float]]:
    """Sample the peak memory of some processes and all their children, in MB by process id."""
    peaks: dict[int, float] = {}
    over = threading.Event()

    def look() -> None:
        while not over.wait(SAMPLE_SECONDS):
            for pid in {member for parent in pids for member in family(parent)}:
                peaks[pid] = max(peaks.get(pid, 0.0), peak_mb(pid))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peaks
    finally:
        over.set()
        thread.join()
