"""What needs a person, worst first: each with the sentence, the reason and the one thing to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import url_for

from core.budget import Month
from core.jobs.view import JobView
from core.kinds import QUEUES
from core.models import Alert
from webapp.dependencies import Check
from webapp.formatting import amount, duration, moment, number
from webapp.i18n import gettext as _
from webapp.i18n import ngettext
from webapp.queries.overview import Board
from webapp.sentences import local


@dataclass(frozen=True, slots=True)
class Notice:
    """One banner. `state`: bad, wait. `needs` is the role that the way out takes."""

    state: str
    sentence: str
    detail: str
    href: str
    action: str
    needs: str = "viewer"


def notices(
    board: Board, checks: Sequence[Check], alerts: Iterable[Alert] = (), month: Month | None = None
) -> list[Notice]:
    """Give what needs a person and is not said by an alert already, which stands above them on the page."""
    said = {(alert.rule, alert.subject) for alert in alerts}
    rules = {rule for rule, _subject in said}
    found = [
        *_down([check for check in checks if ("engine_away", check.name) not in said]),
        *_unheard(board, checks, [queue for queue in sorted(QUEUES) if ("queue_unheard", queue) not in said]),
        *_stalled([job for job in board.open if ("job_stalled", job.id) not in said]),
        *_uncovered(board),
        *_failed([job for job in board.failed if not told_by(job, rules)]),
        *(_aside(board) if ("dead_letters", "") not in said else ()),
        *_held([job for job in board.open if not told_by(job, rules)]),
        *(_budget(month) if month and "budget_spent" not in rules else ()),
    ]
    return sorted(found, key=lambda notice: notice.state != "bad")


def _down(checks: Sequence[Check]) -> Iterator[Notice]:
    for check in checks:
        if not check.ok and check.name != "Workers":
            said = _("The last try ended with %(error)s.", error=check.said) if check.said else ""
            sentence = _("%(name)s does not answer.", name=check.name)
            yield Notice("bad", sentence, said, url_for("health.ready"), _("Health"))


def _unheard(board: Board, checks: Sequence[Check], queues: Iterable[str]) -> Iterator[Notice]:
    workers = next((check for check in checks if check.name == "Workers"), None)
    if workers is None or workers.said:  # Redis is silent: that is said already
        return
    for queue in queues:
        if queue not in workers.queues:
            waiting = sum(job.queue == queue for job in board.open)
            detail = ngettext("%(num)s job waits for one.", "%(num)s jobs wait for one.", waiting) if waiting else ""
            sentence = _("No worker listens on %(queue)s.", queue=queue)
            yield Notice("bad", sentence, detail, url_for("workers.index"), _("See workers"))


def _uncovered(board: Board) -> Iterator[Notice]:
    coverage = board.coverage
    lost = coverage.missing + coverage.stale if coverage else 0
    if lost and not any(job.kind == "etl.sync" for job in board.open):
        missing = coverage.missing if coverage else 0
        sentence = (
            ngettext(
                "%(n)s person cannot be found, and no job covers them.",
                "%(n)s people cannot be found, and no job covers them.",
                missing,
                n=number(missing),
            )
            if missing
            else ngettext(
                "%(n)s person is found by an old text, and no job covers them.",
                "%(n)s people are found by an old text, and no job covers them.",
                lost,
                n=number(lost),
            )
        )
        action = _("Launch for %(n)s", n=number(lost))
        old = lost - missing
        more = ngettext("%(num)s more is found by an old text.", "%(num)s more are found by an old text.", old)
        detail = more if missing and old else ""
        yield Notice("bad" if missing else "wait", sentence, detail, url_for("syncs.new"), action, "operator")


def told_by(job: JobView, rules: Collection[str]) -> bool:
    """Say whether an alert that stands is the reason why the job failed or waits: it would be told twice."""
    of_the_key = "key_refused" in rules and (job.error_code or "").startswith("cohere_key")
    of_the_budget = "budget_spent" in rules and "MONTHLY_BUDGET" in job.message
    return of_the_key or of_the_budget


def _stalled(jobs: Iterable[JobView]) -> Iterator[Notice]:
    now = datetime.now(UTC)
    for job in jobs:
        if job.stalled(now):
            sentence = _("“%(title)s” has stalled.", title=local(job.title))
            detail = _("Nothing of it was done for %(time)s, though a worker holds it.", time=_since(job, now))
            yield Notice("bad", sentence, detail, url_for("jobs.show", job_id=job.id), _("See job"))


def _since(job: JobView, now: datetime) -> str:
    return duration((now - (job.moved_at or now)).total_seconds())


def _failed(jobs: Iterable[JobView]) -> Iterator[Notice]:
    for job in jobs:
        sentence = _("“%(title)s” failed.", title=local(job.title))
        why = job.error_detail or job.message
        yield Notice("bad", sentence, why, url_for("jobs.show", job_id=job.id), _("See job"))


def _budget(month: Month) -> Iterator[Notice]:
    """Warn before jobs begin to wait for the next month."""
    if month.budget is None or month.reached is None:
        return
    sentence = _("At this pace the budget of the month is used up on %(day)s.", day=moment(month.reached))
    detail = _("%(spent)s of %(budget)s are spent; beyond it jobs wait.", **_money(month))
    yield Notice("wait", sentence, detail, url_for("costs.index", by="job"), _("See costs"))


def _money(month: Month) -> dict[str, str]:
    return {"spent": amount(month.spent, month.currency), "budget": amount(month.budget, month.currency)}


def _aside(board: Board) -> Iterator[Notice]:
    if board.failures:
        sentence = ngettext(
            "%(n)s record was set aside after an error.",
            "%(n)s records were set aside after an error.",
            board.failures,
            n=number(board.failures),
        )
        detail = ngettext("%(num)s cause.", "%(num)s causes.", board.causes)
        yield Notice("wait", sentence, detail, url_for("failures.index"), _("See causes"))


def _held(jobs: Iterable[JobView]) -> Iterator[Notice]:
    """Tell of jobs that wait, those for the same reason in one sentence."""
    reasons: dict[str, list[JobView]] = {}
    for job in jobs:
        if job.status == "waiting" and job.started_at and job.message:  # the others wait for their turn, or a resume
            reasons.setdefault(job.message, []).append(job)
    for reason, waiting in reasons.items():
        if len(waiting) == 1:
            sentence = _("“%(title)s” waits.", title=local(waiting[0].title))
            yield Notice("wait", sentence, reason, url_for("jobs.show", job_id=waiting[0].id), _("See job"))
        else:
            sentence = _("%(n)s jobs wait for the same reason.", n=number(len(waiting)))
            yield Notice("wait", sentence, reason, url_for("jobs.index", status="waiting"), _("See waiting jobs"))
