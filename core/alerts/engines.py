"""An engine that does not answer."""

from __future__ import annotations

from collections.abc import Iterator

from core.alerts.rule import Condition, Scene

CURES = {
    "Redis": "Jobs are kept in PostgreSQL and go on by themselves; start Redis, or correct REDIS_URL.",
    "Qdrant": "Searches fail and jobs wait, then go on by themselves; start Qdrant, or correct QDRANT_URL.",
}


def away(scene: Scene) -> Iterator[Condition]:
    for name in scene.silent:
        cure = CURES.get(name, "Start it, or correct its address.")
        yield Condition(name, f"{name} does not answer.", f"{cure} `vigia doctor` says more.")
