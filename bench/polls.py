"""`python -m bench.polls`: what it costs when many operators watch one running job.

The portal as it is deployed, a worker that syncs at Cohere's limit of inputs a minute, and operators who each poll the
job's page at the interval that the page asks for, with the tag of what they have.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from flask.sessions import SecureCookieSessionInterface
from redis import Redis
from sqlalchemy.orm import Session

from bench import people, ways
from bench.figures import cpu_seconds, family
from bench.report import machine, save, table
from bench.stage import ROOT, Stage, stage
from core.access import Actor
from core.db import engine_for
from core.jobs.launch import launch
from core.kinds import KINDS
from core.models import Person
from core.stack.net import free_port, serves
from core.stack.processes import gunicorn
from webapp import create_app

INPUTS_PER_MINUTE = 2000
WARM_SECONDS = 10  # until the job runs and every thread has its connections
ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Poll:
    """One answer, in milliseconds: by the server's clock, of its CPU, and as the client waited."""

    status: int
    app: float
    cpu: float
    client: float
    size: int


def measure(operators: int, seconds: float) -> None:
    """Let them watch for so long; print and keep what their polls took."""
    before = machine()
    with stage() as place:
        people.load(place.urls["DATABASE_URL"], ROWS)
        env = place.env(EMBED_INPUTS_PER_MINUTE=INPUTS_PER_MINUTE)
        os.environ.update(env)
        cookies = _signed_in(place, operators)
        with _portal(place, env) as (url, pid), ways.running_workers(place, env, 1):
            path = f"/jobs/{_launch(place)}"
            asyncio.run(_watch(url, path, cookies, WARM_SECONDS))
            cpu, since = _cpu(pid), time.monotonic()
            polls = asyncio.run(_watch(url, path, cookies, seconds))
            share = (_cpu(pid) - cpu) / (time.monotonic() - since)
    text = _report(polls, share, operators, before)
    print(text)
    about = {"machine": before, "operators": operators, "seconds": seconds, "core_share": share}
    save("polls", about | {f"answers_{status}": _figures(some) for status, some in _by_status(polls)}, text)


async def _watch(url: str, path: str, cookies: Sequence[str], seconds: float) -> list[Poll]:
    """Open the page once, and let everybody poll until the time is over."""
    async with httpx.AsyncClient(base_url=url, headers=_headers(cookies[0])) as client:
        page = await client.get(path)
    asked = re.search(r'hx-get="([^"]+)" hx-trigger="every (\d+)s"', page.text)
    if asked is None:
        raise SystemExit("the job's page does not poll: did the job end?")
    end = time.monotonic() + seconds
    every = float(asked[2])
    watchers = (_operator(url, asked[1], cookie, every, n / len(cookies), end) for n, cookie in enumerate(cookies))
    return [poll for some in await asyncio.gather(*watchers) for poll in some]


async def _operator(url: str, path: str, cookie: str, every: float, phase: float, end: float) -> list[Poll]:
    """Poll as a browser does: on one connection, by the clock, with the tag of the last answer."""
    polls: list[Poll] = []
    tag: dict[str, str] = {}
    async with httpx.AsyncClient(base_url=url, headers=_headers(cookie), verify=False, timeout=30) as client:
        due = time.monotonic() + phase * every
        while due < end:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            began = time.perf_counter()
            answer = await client.get(path, headers=tag)
            took = 1000 * (time.perf_counter() - began)
            app, cpu = (float(ms) for ms in re.findall(r"dur=([\d.]+)", answer.headers["Server-Timing"]))
            polls.append(Poll(answer.status_code, app, cpu, took, int(answer.headers.get("Content-Length", 0))))
            tag = {"If-None-Match": answer.headers["ETag"]} if "ETag" in answer.headers else {}
            due += every
    return polls


def _headers(cookie: str) -> dict[str, str]:
    return {"Cookie": f"vigia={cookie}", "Accept-Encoding": "gzip, deflate, br", "HX-Request": "true"}


def _signed_in(place: Stage, operators: int) -> list[str]:
    """Make so many operators, and the cookies that their logins would give."""
    app = create_app()
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    engine = engine_for(place.urls["DATABASE_URL"])
    with Session(engine, expire_on_commit=False) as session:
        watchers = [Person(name=f"operator {n}", role="operator", password_hash="-") for n in range(operators)]
        session.add_all(watchers)
        session.commit()
    engine.dispose()
    now = int(time.time())
    return [
        signer.dumps(
            {
                "_user_id": str(person.id),
                "_fresh": True,
                "_permanent": True,
                "sid": uuid.uuid4().hex,
                "born": now,
                "seen": now,
                "epoch": person.session_epoch,
            }
        )
        for person in watchers
    ]


@contextmanager
def _portal(place: Stage, env: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Serve the portal with the command of `vigia web`, but timed."""
    port = free_port()
    command = [
        "bench.timed:application" if word == "wsgi:application" else word for word in gunicorn("127.0.0.1", port)
    ]
    with (place.logs / "bench-portal.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        while not serves("/healthz", port):
            if process.poll() is not None:
                raise SystemExit((place.logs / "bench-portal.log").read_text()[-2000:])
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(30)


def _launch(place: Stage) -> uuid.UUID:
    engine = engine_for(place.urls["DATABASE_URL"])
    kind = KINDS["etl.sync"]
    with Redis.from_url(place.urls["REDIS_URL"]) as redis, Session(engine) as session:
        job_id = launch(session, redis, kind, kind.payload(), actor=Actor("bench")).job_id
    engine.dispose()
    return job_id


def _cpu(pid: int) -> float:
    return sum(cpu_seconds(member) for member in family(pid))


def _by_status(polls: Sequence[Poll]) -> list[tuple[int, list[Poll]]]:
    return [(status, [poll for poll in polls if poll.status == status]) for status in sorted({p.status for p in polls})]


def _figures(polls: Sequence[Poll]) -> dict[str, float]:
    found: dict[str, float] = {"answers": len(polls), "bytes": statistics.median(poll.size for poll in polls)}
    for name in ("app", "cpu", "client"):
        cuts = statistics.quantiles([getattr(poll, name) for poll in polls], n=20)
        found |= {f"{name}_p50_ms": round(cuts[9], 3), f"{name}_p95_ms": round(cuts[18], 3)}
    return found


def _report(polls: Sequence[Poll], share: float, operators: int, before: dict[str, object]) -> str:
    names = {304: "unchanged (304)", 200: "drawn anew (200)"}
    rows = []
    for status, some in _by_status(polls):
        figures = _figures(some)
        times = [f"{figures[f'{of}_{cut}_ms']:.2f}" for of in ("app", "cpu", "client") for cut in ("p50", "p95")]
        rows.append([names.get(status, str(status)), f"{len(some):,}", *times, f"{figures['bytes']:,.0f}"])
    head = (
        "answer",
        "polls",
        *(f"{of} {cut} ms" for of in ("server", "CPU", "client") for cut in ("p50", "p95")),
        "bytes",
    )
    about = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in before.items())
    return (
        f"# {operators} operators watch a running job\n\n"
        f"At {INPUTS_PER_MINUTE:,} inputs a minute; engines, worker, portal and clients on one machine: {about}.\n\n"
        f"{table(head, rows)}\n\n"
        f"All processes of the portal together took {share:.1%} of one core; the load of the machine was "
        f"{before['load_before']:.1f} before and {os.getloadavg()[0]:.1f} after."
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.polls", description=__doc__)
    parser.add_argument("--operators", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    measure(args.operators, args.seconds)


if __name__ == "__main__":
    main()
