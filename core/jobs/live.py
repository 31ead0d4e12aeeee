"""The hashes `job:{id}` in Redis: the only module that knows their fields. Copies of the ledger, rebuilt at will.

Flat fields for anyone with redis-cli; `''` is unknown; values are absolute. Parts are `{n}.status`, `{n}.done` …,
steps `step.{i}.name` ….
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from redis import Redis

from core.jobs.view import JobView, PartView, StepView

KEEP_SECONDS = 7 * 86400  # of a job that is over; the ledger has it for ever
NESTED = ("steps", "parts")
HEAD = tuple(field.name for field in fields(JobView) if field.name not in NESTED)


def key(job_id: str) -> str:
    return f"job:{job_id}"


def publish(redis: Redis, view: JobView) -> None:
    """Write the whole view, unless a newer one is there already."""
    hash_fields = {name: _text(getattr(view, name)) for name in HEAD}
    hash_fields |= {"step": view.step, "percent": _text(view.percent)}
    for i, step in enumerate(view.steps):
        hash_fields |= {f"step.{i}.{f.name}": _text(getattr(step, f.name)) for f in fields(StepView)}
    for part in view.parts:
        hash_fields |= {f"{part.n}.{f.name}": _text(getattr(part, f.name)) for f in fields(PartView) if f.name != "n"}
    flat = [item for pair in hash_fields.items() for item in pair]
    keep = KEEP_SECONDS if view.over else 0
    redis.eval(_PUBLISH, 1, key(view.id), hash_fields["updated_at"], keep, *flat)


# Two commits of one job may publish in the wrong order: the older must not win. ISO times in UTC compare as text.
_PUBLISH = """
local known = redis.call('HGET', KEYS[1], 'updated_at')
if known and known > ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
if tonumber(ARGV[2]) > 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) else redis.call('PERSIST', KEYS[1]) end
return 1
"""


def read(redis: Redis, job_id: str) -> JobView | None:
    """Read the copy; None when Redis has none, and the ledger must be asked."""
    raw = {_str(name): _str(value) for name, value in redis.hgetall(key(job_id)).items()}
    if not raw or any(name not in raw for name in HEAD):
        return None
    head: dict[str, Any] = {
        field.name: _value(field.type, raw[field.name]) for field in fields(JobView) if field.name in HEAD
    }
    return JobView(**head, steps=_nested(StepView, raw, "step."), parts=_nested(PartView, raw, ""))


def revision(redis: Redis, job_id: str) -> str | None:
    """Read when the copy last changed: the ETag of a poll."""
    value = redis.hget(key(job_id), "updated_at")
    return None if value is None else _str(value)


def revisions(redis: Redis, job_ids: Sequence[str]) -> list[str | None]:
    """Read the revisions of several jobs in one round trip."""
    with redis.pipeline(transaction=False) as pipe:
        for job_id in job_ids:
            pipe.hget(key(job_id), "updated_at")
        return [None if value is None else _str(value) for value in pipe.execute()]


def _nested(cls: Any, raw: Mapping[str, str], prefix: str) -> tuple[Any, ...]:
    found: list[Any] = []
    while f"{prefix}{len(found)}.status" in raw:
        n = len(found)
        values = {f.name: _value(f.type, raw[f"{prefix}{n}.{f.name}"]) for f in fields(cls) if f.name != "n"}
        found.append(cls(n=n, **values) if cls is PartView else cls(**values))
    return tuple(found)


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else str(value)


def _value(annotation: Any, text: str) -> Any:
    """Turn a field's text back into its type; the annotations are strings, for they are postponed."""
    if annotation.endswith("| None") and text == "":
        return None
    match annotation.removesuffix(" | None"):
        case "int":
            return int(text)
        case "float":
            return float(text)
        case "datetime":
            return datetime.fromisoformat(text)
        case _:
            return text


def _str(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
