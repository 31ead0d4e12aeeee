"""How late a part is tried again after what stopped it, and when it is given up."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import index_state, totals
from core.errors import TryAgain, waits
from core.jobs import ledger, part_end
from core.models import Job, JobEvent, Part

# Of waits that are no failure, these are part of a job's story; our own pace is not.
TOLD = frozenset({"provider_hold", "monthly_budget"})


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often and how late a part is tried again: about first, first*2, first*4 … seconds, up to most."""

    attempts: int = 6
    first: float = 2.0
    most: float = 300.0

    def delay(self, tries: int) -> float:
        """Say how many seconds to wait after `tries` failures in a row: full value less up to a quarter."""
        return min(self.most, self.first * 2.0 ** min(tries - 1, 30)) * random.uniform(0.75, 1.0)


# An engine of ours comes back by itself, or somebody is at it: looked for often, and for as long as it takes.
AWAY = Backoff(first=0.5, most=5.0)
LONG_AWAY = 4  # waits in a row, after which a part's story repeats itself no more


def again(session: Session, job: Job, ref: ledger.Ref, *, error: TryAgain, backoff: Backoff) -> None:
    """Let the part wait, or fail it when it has failed often enough. The caller has locked the job."""
    part = session.get_one(Part, (ref.job_id, ref.n), populate_existing=True)
    counts = not (error.paced or error.ours)
    stopping = job.status == "cancelling" or job.error_code
    if counts and not stopping and part.tries + 1 >= backoff.attempts:
        _give_up(session, job, ref, part, error)
        return
    said = f"{error} (attempt {part.tries + 2} of {backoff.attempts} is next)" if counts else str(error)
    if error.code.startswith("qdrant_"):
        index_state.doubt(session)  # a write may have been applied whose answer was lost
    waits, seconds = part.waits, _seconds(part, error, backoff)
    moment = part_end.wait(session, job, ref, seconds=seconds, message=said, counts=counts, ours=error.ours)
    if moment is None:
        return
    totals.add(session, "backoff_seconds", job.kind, error.code, seconds)
    if error.paced:
        _tell_once(session, ref, error)
    elif not error.ours or waits < LONG_AWAY:
        _tell(session, ref, said, moment, last=error.ours and waits + 1 == LONG_AWAY)


def _seconds(part: Part, error: TryAgain, backoff: Backoff) -> float:
    """Choose the longer of our own pause and the one that was asked for, which is kept in full."""
    if error.paced:
        return error.after or 0.0
    pause = AWAY.delay(part.waits + 1) if error.ours else backoff.delay(part.tries + 1)
    return max(error.after or 0.0, pause)


def _give_up(session: Session, job: Job, ref: ledger.Ref, part: Part, error: TryAgain) -> None:
    detail = f"Gave up after {part.tries + 1} tries: {error}"
    index_state.doubt(session)
    ledger.tell(session, job.id, detail, part=ref.n, level="error")
    part_end.fail(session, job, ref, code=error.code, detail=detail)
    part_end.set_aside(session, part, cause=error.code, reason=detail, trace_id=error.trace_id)


def _tell(session: Session, ref: ledger.Ref, said: str, moment: datetime, *, last: bool) -> None:
    more = f" From now on tried every {AWAY.most:.0f} s." if last else ""
    ledger.tell(session, ref.job_id, f"{waits(moment, said)}{more}", part=ref.n, level="wait")


def _tell_once(session: Session, ref: ledger.Ref, error: TryAgain) -> None:
    """Tell of a wait that is looked at again and again, unless the last line of the part says the same."""
    message = f"{str(error)[:1].upper()}{str(error)[1:]}."
    mine = (JobEvent.job_id == ref.job_id) & (JobEvent.part == ref.n)
    last = select(JobEvent.message).where(mine).order_by(JobEvent.id.desc()).limit(1)
    if error.code in TOLD and session.scalars(last).first() != message:
        ledger.tell(session, ref.job_id, message, part=ref.n, level="wait")
