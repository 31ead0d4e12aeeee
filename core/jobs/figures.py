"""What of the ledger is counted for /metrics, in the transaction that makes it so: the figures never differ from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core import totals
from core.models import Job, Part

OUTCOMES = ("done", "skipped", "failed")
CLOSED = ("done", "failed", "cancelled")
ENDED = (Part.status, Part.started_at, Part.finished_at)  # the columns of a part that `parts` counts


def job_over(session: Session, job: Job) -> None:
    """Count a job that has just reached its last status, and how long it ran if it began."""
    totals.add(session, "jobs", job.kind, job.status)
    _duration(session, "job_seconds", job.kind, job.started_at, job.finished_at)


def parts(session: Session, job: Job, written: Iterable[Row[str, datetime | None, datetime | None] | Part]) -> None:
    """Count those of these parts, just written, that this has closed; rows are of ENDED."""
    for part in written:
        if part.status in CLOSED:
            totals.add(session, "parts", job.kind, part.status)
            _duration(session, "part_seconds", job.kind, part.started_at, part.finished_at)


def records(session: Session, job: Job, before: tuple[int, int, int]) -> None:
    """Count the records that have got their outcome since the job had `before` of done, skipped and failed."""
    for outcome, now, then in zip(OUTCOMES, (job.done, job.skipped, job.failed), before, strict=True):
        totals.add(session, "records", job.kind, outcome, now - then)


def recovery(session: Session, job: Job) -> None:
    """Count a part that was taken from a holder that died."""
    totals.add(session, "lease_recoveries", job.kind, "")


def _duration(session: Session, name: str, kind: str, begin: datetime | None, end: datetime | None) -> None:
    if begin is not None and end is not None:
        totals.observe(session, name, kind, max(0.0, (end - begin).total_seconds()))
