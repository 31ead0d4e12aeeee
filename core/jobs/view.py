"""A job as people and programs see it: one value for the page, the API, the command line and `job:{id}`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.models import Job, Part

OVER = frozenset({"completed", "completed_with_errors", "failed", "cancelled"})
# A rate older than this says nothing about now.
RATE_AGE_SECONDS = 30.0
# Of a job in somebody's hands. A slow call takes half a minute; alerts wait for ALERT_STALLED_SECONDS.
STALLED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class StepView:
    """How far one step is, summed over the parts. `total` is null until it is known; `seconds` were spent on it."""

    name: str
    status: str  # queued, running, waiting, done, failed, cancelled
    total: int | None
    done: int
    skipped: int
    failed: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PartView:
    """One part; `until` is when one that waits goes on."""

    n: int
    status: str
    total: int
    done: int
    skipped: int
    failed: int
    attempt: int
    message: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """`percent` 0-100, `rate` records a second, `eta_seconds` from now; unknown = None; times in UTC.

    The end is to be expected between `early_seconds` and `late_seconds` from now. `moved_at` is since when nothing
    has moved in somebody's hands; None where nothing is to be timed.
    """

    id: str
    kind: str
    queue: str
    title: str
    status: str
    message: str
    requested_by: str
    reason: str
    retry_of: str | None
    total: int | None
    done: int
    skipped: int
    failed: int
    rate: float | None
    eta_seconds: float | None
    tokens: int
    calls: int
    model: str | None
    error_code: str | None
    error_detail: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime
    request_id: str | None = None  # of the request that launched it, as in the log
    number: int | None = None  # short enough to say aloud
    early_seconds: float | None = None
    late_seconds: float | None = None
    moved_at: datetime | None = None
    steps: tuple[StepView, ...] = ()
    parts: tuple[PartView, ...] = ()

    @property
    def over(self) -> bool:
        return self.status in OVER

    @property
    def percent(self) -> float | None:
        """Share of the records that have their outcome; nothing to do counts as all done."""
        if self.total is None:
            return None
        if self.total == 0:
            return 100.0 if self.over else 0.0
        # Rounded down, so that only a finished job says 100.
        return int(1000 * (self.done + self.skipped + self.failed) / self.total) / 10

    @property
    def step(self) -> str:
        """Name the step that holds the job back: the first that is not done."""
        return next((step.name for step in self.steps if step.status != "done"), "")

    @property
    def slowest(self) -> StepView | None:
        """Name the step that most of the time was spent on; None before any was measured."""
        spent = [step for step in self.steps if step.seconds > 0]
        return max(spent, key=lambda step: step.seconds, default=None)

    def stalled(self, now: datetime) -> bool:
        """Say whether somebody holds it, and nothing of it was done for long."""
        held = self.status in ("running", "cancelling") and self.moved_at is not None
        return held and (now - (self.moved_at or now)).total_seconds() > STALLED_SECONDS


def view_of(job: Job, parts: Iterable[Part] = (), *, now: datetime | None = None) -> JobView:
    """Make the view of a ledger row and its parts."""
    rate = _rate(job, now or datetime.now(UTC))
    left = None if job.total is None else job.total - job.done - job.skipped - job.failed
    return JobView(
        id=str(job.id),
        kind=job.kind,
        queue=job.queue,
        title=job.title,
        status=job.status,
        message=job.message,
        requested_by=job.requested_by,
        reason=job.reason,
        retry_of=str(job.retry_of) if job.retry_of else None,
        total=job.total,
        done=job.done,
        skipped=job.skipped,
        failed=job.failed,
        rate=rate,
        eta_seconds=round(left / rate, 1) if rate and left is not None and job.status == "running" else None,
        tokens=job.tokens,
        calls=job.calls,
        model=job.model,
        error_code=job.error_code,
        error_detail=job.error_detail,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        updated_at=job.updated_at,
        request_id=job.request_id,
        number=job.number,
        moved_at=job.moved_at,
        steps=_steps(job.steps),
        parts=tuple(_part(part) for part in sorted(parts, key=lambda part: part.n)),
    )


def _rate(job: Job, now: datetime) -> float | None:
    """Give the smoothed rate while running, the average over the whole run when over."""
    if job.started_at and job.finished_at:
        seconds = (job.finished_at - job.started_at).total_seconds()
        return round((job.done + job.skipped + job.failed) / seconds, 2) if seconds > 0 else None
    if job.rate is None or job.rate_at is None or (now - job.rate_at).total_seconds() > RATE_AGE_SECONDS:
        return None
    return round(job.rate, 2)


def _steps(raw: Sequence[dict[str, object]]) -> tuple[StepView, ...]:
    return tuple(StepView(**step) for step in raw)  # type: ignore[arg-type]  # written by the ledger from StepView


def _part(part: Part) -> PartView:
    return PartView(
        n=part.n,
        status=part.status,
        total=part.total,
        done=part.done,
        skipped=part.skipped,
        failed=part.failed,
        attempt=part.attempt,
        message=part.message,
        until=part.not_before if part.status == "waiting" else None,
    )
