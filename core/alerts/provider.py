"""What keeps the provider of embeddings from working for us."""

from __future__ import annotations

from collections.abc import Iterator

from core.adapters.redis_gate import gate_of
from core.alerts.rule import Condition, Scene
from core.errors import until


def key_refused(scene: Scene) -> Iterator[Condition]:
    """Say that the key of our settings stands refused; mended, the first call that is accepted ends it."""
    gate = gate_of(scene.settings, scene.redis)
    refusal = gate.refusal() if gate else None
    if refusal is not None:
        what, _, cure = refusal.detail.partition(": ")
        done = f"{cure[:1].upper()}{cure[1:]}. Then retry the jobs that failed."
        yield Condition("Cohere", f"{what}, at {until(refusal.at)}.", done)
