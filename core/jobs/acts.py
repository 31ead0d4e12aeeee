"""One act on many: what each item came to, kept beside the counters, and what makes it safe to begin again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.access import Actor
from core.jobs import ledger
from core.jobs.part_run import PartRun
from core.models import JobResult
from core.tally import StepCount, Tally

MOST = 10_000  # items of one job; the rest still matches after it, for the next
STEP = "act"


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants it, why, and since when: what somebody else did before is not taken for this job's work."""

    actor: Actor
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item: done, skipped or failed, with a sentence, and the job that was launched for it."""

    record_id: int
    outcome: str
    sentence: str
    led_to: uuid.UUID | None = None


def order_of(part: PartRun) -> Order:
    """Read who launched the job: its acts are theirs, in the audit too."""
    with part.tools.sessions() as session:
        job = ledger.find(session, part.job_id)
    return Order(Actor(job.requested_by, request_id=job.request_id), job.reason, job.created_at)


def keep(part: PartRun, results: Sequence[Result]) -> None:
    """Write what became of the next items of the part; raise LeaseLost when it is another's."""
    done, skipped, failed = (sum(one.outcome == name for one in results) for name in ("done", "skipped", "failed"))
    share = Tally(records=len(results), done=done, skipped=skipped, failed=failed)
    share.count(StepCount(STEP, len(results), done, skipped, failed))

    def write(session: Session) -> None:
        rows = [asdict(one) | {"job_id": part.job_id} for one in results]
        session.execute(insert(JobResult).values(rows).on_conflict_do_nothing())

    part.commit(share, write)
