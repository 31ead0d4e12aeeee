"""Whether the figures of a job's steps add up, and a sentence where they do not."""

from __future__ import annotations

from collections.abc import Iterator

from core.jobs.view import JobView, StepView
from webapp.formatting import number
from webapp.i18n import gettext as _
from webapp.terms import step as step_name


def gaps(job: JobView) -> list[str]:
    """Say what does not add up: within a step, from step to step, and in all. Shares are counted in one commit."""
    found = [sentence for step in job.steps for sentence in _within(step, over=job.over)]
    broken = any(part.status in ("failed", "cancelled") for part in job.parts)  # no step knows the rest of such a part
    if not broken and not job.error_code:
        found += [*_between(job), *_in_all(job)]
    return found


def _within(step: StepView, *, over: bool) -> Iterator[str]:
    if step.total is None:
        return
    known = step.done + step.skipped + step.failed
    if known > step.total or (over and step.status == "done" and known < step.total):
        yield _(
            "%(step)s took in %(total)s records, and accounts for %(known)s.",
            step=step_name(step.name),
            total=number(step.total),
            known=number(known),
        )


def _between(job: JobView) -> Iterator[str]:
    """Follow the records from reading to the index: whoever was read and not refused must be written or removed."""
    steps = {step.name: step for step in job.steps}
    if not {"extract", "embed", "index"} <= steps.keys() or steps["index"].total is None:
        return
    sent, came = steps["extract"].done - steps["embed"].failed, steps["index"].total
    if sent != came:
        yield _(
            "%(sent)s records were to be written or removed, and %(came)s came to the index.",
            sent=number(sent),
            came=number(came),
        )


def _in_all(job: JobView) -> Iterator[str]:
    failed = sum(step.failed for step in job.steps)
    if job.steps and failed != job.failed:
        yield _(
            "The job counts %(job)s failed records, and its steps %(steps)s.",
            job=number(job.failed),
            steps=number(failed),
        )
