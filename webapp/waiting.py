"""Why what stands still stands still: the core's answer, in the reader's language and on the reader's clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.jobs.explain import ALARMING, SOON, TOLD, Wait, explain_part, explanations
from core.jobs.listeners import Listener
from core.jobs.paused import pause_of
from core.jobs.view import JobView
from webapp import dependencies
from webapp.extensions import db
from webapp.sentences import local
from webapp.states import STATUS, Look

PATIENCE_SECONDS = 0.3  # a Redis that hangs holds up no page


@dataclass(frozen=True, slots=True)
class Still:
    """Parts that stand still for the same reason: `parts` names them as people count, `1–3, 7`."""

    parts: str
    many: bool
    sentence: str


def waits_of(jobs: Sequence[JobView]) -> Mapping[str, Wait]:
    """Explain those of the jobs that stand still, by their ids."""
    return explanations(db.session(), jobs, _heard)


def still_parts(job: JobView, told: str) -> list[Still]:
    """Gather the parts that stand still by their reason, but for what the job itself has `told` already."""
    if job.over:
        return []
    heard, found = _heard(), dict[str, list[int]]()
    pause = pause_of(db.session(), job.queue)
    for part in job.parts:
        wait = explain_part(part, job.queue, heard, pause)
        if wait is not None and wait.code != SOON and (sentence := say(wait)) not in told:
            found.setdefault(sentence, []).append(part.n + 1)
    return [Still(ranges(numbers), len(numbers) > 1, sentence) for sentence, numbers in found.items()]


def say(wait: Wait | None) -> str:
    """Say what somebody waits for; nothing for who does not."""
    return "" if wait is None else local(wait.sentence)


def look_of(job: JobView, wait: Wait | None) -> Look:
    """Choose how the sentence looks: what needs a person is red, what goes on by itself is not."""
    usual = STATUS[job.status]
    if wait is not None and wait.code in ALARMING:
        return Look("bad", "circle-x", usual.word)
    if wait is not None and wait.code == "paused":
        return Look("held", "pause", usual.word)
    held = wait.code == TOLD if wait is not None else job.status == "running" and job.message
    return Look("wait", "hourglass", usual.word) if held else usual


def ranges(numbers: Iterable[int]) -> str:
    """Write ascending numbers as `1–3, 7`."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], n]
        else:
            runs.append([n])
    return ", ".join("–".join(map(str, run)) for run in runs)


def _heard() -> Sequence[Listener] | None:
    """Read who listens, as it was known a moment ago; None while Redis does not answer."""
    checks = dependencies.look(patience=PATIENCE_SECONDS)
    return next((check.listeners for check in checks if check.name == "Workers"), None)
