"""The register of workers in Redis, as RQ keeps it, and what each of ours adds with its beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.client import Pipeline
from rq import Worker
from rq.utils import utcparse

from core.jobs.listeners import SILENT_BELOW_SECONDS

KEEP_SECONDS = 120  # what a worker adds is forgotten so long after its last beat


@dataclass(frozen=True, slots=True)
class Registered:
    """One worker. `beat_age` is in seconds, memory in bytes; what it did not say is None."""

    name: str
    host: str
    pid: int | None
    queues: Sequence[str]
    state: str  # starting, idle, busy, suspended, silent
    since: datetime | None
    beat_age: float | None
    done: int  # messages
    failed: int
    version: str | None
    memory: int | None
    part_memory: int | None  # of the process that works on a part


def add(pipe: Pipeline, name: str, facts: Mapping[str, str | int]) -> None:
    """Keep what a worker says of itself, with its beat."""
    key, mapping = _facts_of(name), dict[Any, Any](facts)
    pipe.delete(key)
    pipe.hset(key, mapping=mapping)
    pipe.expire(key, KEEP_SECONDS)


def crew(redis: Redis) -> Sequence[Registered]:
    """Read every worker that has not left, by name. Raises RedisError."""
    names = sorted(str(key).removeprefix(Worker.redis_worker_namespace_prefix) for key in Worker.all_keys(redis))
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            key = f"{Worker.redis_worker_namespace_prefix}{name}"
            pipe.hgetall(key)
            pipe.ttl(key)
            pipe.hgetall(_facts_of(name))
            pipe.pttl(_facts_of(name))
        answers = pipe.execute()
    rows = [answers[n : n + 4] for n in range(0, len(answers), 4)]
    return [
        _registered(name, _text(own), left, _text(facts), facts_left)
        for name, (own, left, facts, facts_left) in zip(names, rows, strict=True)
        if b"birth" in own and b"death" not in own
    ]


def _registered(name: str, own: Mapping[str, str], left: int, facts: Mapping[str, str], facts_left: int) -> Registered:
    state = own.get("state") or "starting"
    silent = 0 <= left < SILENT_BELOW_SECONDS[state == "busy"]
    return Registered(
        name,
        own.get("hostname", ""),
        _number(own.get("pid")),
        [queue for queue in own.get("queues", "").split(",") if queue],
        "silent" if silent else "starting" if state == "started" else state,
        utcparse(own["birth"]).replace(tzinfo=UTC),
        KEEP_SECONDS - facts_left / 1000 if facts_left >= 0 else None,
        _number(own.get("successful_job_count")) or 0,
        _number(own.get("failed_job_count")) or 0,
        facts.get("version"),
        _number(facts.get("memory")),
        _number(facts.get("part_memory")),
    )


def _facts_of(name: str) -> str:
    return f"worker:{name}"


def _text(raw: Mapping[bytes, bytes]) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in raw.items()}


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
