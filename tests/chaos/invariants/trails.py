"""10: every launch left one line in the audit trail; and no secret and nobody's text is in what we write down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import select

from core.models import AuditEvent, Job, JobEvent
from tests.chaos.people import MARKER

if TYPE_CHECKING:
    from tests.chaos.run import Run

ENGINES = ("postgres", "valkey", "vectors")  # they write their own logs; we write none of theirs


def launches_are_audited_once(run: Run) -> Iterator[str]:
    told = select(AuditEvent.target).where(AuditEvent.action == "job.launch")
    with run.house.sessions() as session:
        lines, jobs = Counter(session.scalars(told)), [str(job_id) for job_id in session.scalars(select(Job.id))]
    yield from (f"{job_id} has {lines[job_id]} lines in the trail" for job_id in jobs if lines[job_id] != 1)


def nothing_private_is_written_down(run: Run) -> Iterator[str]:
    private = (run.house.settings.cohere_api_key or "", run.house.settings.secret_key, MARKER, "A life of case")
    written = {log.name: log.read_text() for log in run.logs.glob("*.log") if log.stem not in ENGINES}
    with run.house.sessions() as session:
        written["the story of a job"] = "\n".join(session.scalars(select(JobEvent.message)))
    for place, text in written.items():
        yield from (f"{place} has {secret!r}" for secret in private if secret in text)
