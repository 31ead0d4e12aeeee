"""What keeps the provider of embeddings from working for us."""

from __future__ import annotations

from collections.abc import Iterator

from core import budget
from core.adapters.redis_gate import gate_of
from core.alerts.rule import Condition, Scene
from core.errors import TryAgain, until
from core.holds import Refusals


def key_refused(scene: Scene) -> Iterator[Condition]:
    """Say that the key of our settings stands refused; mended, the first call that is accepted ends it."""
    gate = gate_of(scene.settings, scene.redis, Refusals(scene.sessions))
    refusal = gate.refusal() if gate else None
    if refusal is not None:
        what, cure = _halves(refusal.detail)
        yield Condition("Cohere", f"{what}, last at {until(refusal.at)}.", f"{cure}. Then retry the jobs that failed.")


def budget_spent(scene: Scene) -> Iterator[Condition]:
    """Say that the month's money is spent, and when jobs go on."""
    try:
        budget.require(scene.sessions)
    except TryAgain as error:
        what, cure = _halves(str(error))
        yield Condition("", f"{what}. Jobs wait; searches go on.", f"{cure}.")


def _halves(sentence: str) -> tuple[str, str]:
    """Take apart `what is wrong: what to do about it`."""
    what, _, cure = sentence.partition(": ")
    return what[:1].upper() + what[1:], cure[:1].upper() + cure[1:]
