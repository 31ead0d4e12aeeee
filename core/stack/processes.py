"""Our own processes: portal, workers, ticker, ops server. Started by name, never imported."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import redis

from core.stack.children import Program
from core.stack.net import reachable, serves

PORTAL_THREADS = 24
WORKER_GRACE = 10.0  # seconds: the calls in hand end, and the part is handed back
TICKER_GRACE = 1.0
# By rank they stop: the portal first, so that nobody launches what nobody will run.
OPS_RANK, WORKER_RANK, PORTAL_RANK = 3, 4, 5


def portal(env: Mapping[str, str], host: str, port: int, log: Path | None) -> Program:
    """One process with many threads, so that a search waits for no job and the model is in memory once."""
    return Program(
        name="portal",
        command=gunicorn(host, port),
        log=log,
        env=env,
        rank=PORTAL_RANK,
        stop=signal.SIGINT,  # at once: SIGTERM would wait for whoever keeps a connection open
        grace=0.5,
        ready=lambda pid: serves("/healthz", port, reachable(host)),
    )


def gunicorn(host: str, port: int) -> list[str]:
    """Write the command that serves the portal."""
    options = {
        "--bind": f"{host}:{port}",
        "--workers": "1",
        "--worker-class": "gthread",
        "--threads": str(PORTAL_THREADS),
        "--timeout": "60",
        "--graceful-timeout": "5",
        "--keep-alive": "30",
        "--forwarder-headers": "",  # else whoever comes by loopback says by a header under which path we lie
        "--limit-request-line": "8190",  # a thousand ticked rows travel in an address
        "--log-level": "warning",
    }
    return [sys.executable, "-m", "gunicorn", "wsgi:application", "--no-control-socket", *_flat(options)]


def worker(
    env: Mapping[str, str],
    number: int,
    redis_url: str,
    queues: Sequence[str],
    log: Path | None,
    grace: float = WORKER_GRACE,
) -> Program:
    """One worker; it is ready when Redis knows it."""
    return Program(
        name=f"worker-{number}",
        command=[sys.executable, "-m", "worker", *queues],
        log=log,
        env=env,
        rank=WORKER_RANK,
        grace=grace,
        ready=lambda pid: _registered(redis_url, pid),
    )


def ticker(env: Mapping[str, str], log: Path | None) -> Program:
    return Program(
        name="ticker",
        command=[sys.executable, "-m", "worker.ticker"],
        log=log,
        env=env,
        rank=WORKER_RANK,
        grace=TICKER_GRACE,
    )


def ops(env: Mapping[str, str], host: str, port: int, log: Path | None) -> Program:
    return Program(
        name="ops",
        command=[sys.executable, "-m", "worker.ops_server"],
        log=log,
        env={**env, "OPS_HOST": host, "OPS_PORT": str(port)},
        rank=OPS_RANK,
        grace=0.5,
        ready=lambda pid: serves("/healthz", port, reachable(host)),
    )


def _registered(redis_url: str, pid: int) -> bool:
    """Say whether RQ's register has a worker of this process: it has imported everything and listens."""
    client = redis.Redis.from_url(redis_url, socket_timeout=2)
    try:
        return any(client.hget(key, "pid") == str(pid).encode() for key in client.smembers("rq:workers"))
    except redis.RedisError:
        return False
    finally:
        client.close()


def _flat(options: Mapping[str, str]) -> list[str]:
    return [word for pair in options.items() for word in pair]
