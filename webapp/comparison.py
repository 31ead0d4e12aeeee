"""Two jobs side by side: what each came to, and the difference from the first to the second."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.errors import Invalid
from core.jobs.view import JobView
from core.prices import price_of
from webapp.causes import cause
from webapp.extensions import db, redis
from webapp.formatting import NOTHING, amount, duration, number, rate
from webapp.i18n import gettext as _
from webapp.i18n import pgettext
from webapp.queries import failures, jobs

Figure = float | None


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of both; `difference` and `share` are empty where one of them is not known or they are the same."""

    label: str
    first: str
    second: str
    difference: str = ""
    share: str = ""  # of the first: −26 %


@dataclass(frozen=True, slots=True)
class Comparison:
    first: JobView
    second: JobView
    figures: Sequence[Line]
    causes: Sequence[Line]
    elsewhere: bool  # some of what failed is not among the causes: it failed again in a later job


def chosen(ids: Sequence[str]) -> tuple[UUID, UUID]:
    """Read which two; raise Invalid for any other number of them."""
    try:
        first, second = dict.fromkeys(UUID(given) for given in ids)
    except ValueError:
        raise Invalid(_("Tick exactly two jobs to compare them."), {"id": "two"}) from None
    return first, second


def compare(one: UUID, other: UUID) -> Comparison:
    """Set the older job before the younger; raise NotFound."""
    views = [jobs.show(db.session(), redis, job_id) for job_id in (one, other)]
    first, second = sorted(views, key=lambda view: view.created_at)
    groups = [_by_cause(job) for job in (first, second)]
    elsewhere = any(sum(found.values()) < job.failed for found, job in zip(groups, (first, second), strict=True))
    return Comparison(first, second, _figures(first, second), _causes(*groups), elsewhere)


def _figures(first: JobView, second: JobView) -> list[Line]:
    measures: list[tuple[str, Callable[[JobView], Figure], Callable[[Figure], str]]] = [
        (_("Records"), lambda job: job.total, number),
        (pgettext("count", "Done"), lambda job: job.done, number),
        (_("Not needed"), lambda job: job.skipped, number),
        (pgettext("count", "Failed"), lambda job: job.failed, number),
        (_("Waited to begin"), _waited, duration),
        (_("Ran"), _ran, duration),
        (_("Rate"), lambda job: job.rate, rate),
        (_("Embedding calls"), lambda job: job.calls, number),
        (_("Tokens"), lambda job: job.tokens, number),
    ]
    lines = [_line(label, of(first), of(second), write) for label, of, write in measures]
    return [*lines, _cost(first, second)]


def _by_cause(job: JobView) -> dict[str, int]:
    """Count what was set aside, also what was mended since."""
    found = failures.groups(db.session(), failures.FailureFilter(None, job_id=UUID(job.id)))
    return {group.cause: group.total for group in found.items}


def _causes(first: Mapping[str, int], second: Mapping[str, int]) -> list[Line]:
    codes = sorted({*first, *second}, key=lambda code: -first.get(code, 0) - second.get(code, 0))
    return [_line(cause(code), first.get(code, 0), second.get(code, 0), number) for code in codes]


def _cost(first: JobView, second: JobView) -> Line:
    one, other = (price_of(job.model, job.tokens) if job.model else None for job in (first, second))
    difference = ""
    if one is not None and other is not None and one[1] == other[1] and one[0] != other[0]:
        difference = f"{'+' if other[0] > one[0] else '−'}{amount(abs(other[0] - one[0]), one[1])}"
    return Line(_("Cost"), amount(*one) if one else NOTHING, amount(*other) if other else NOTHING, difference)


def _line(label: str, first: Figure, second: Figure, write: Callable[[Figure], str]) -> Line:
    if first is None or second is None or first == second:
        return Line(label, write(first), write(second))
    more = abs(second - first)
    sign = "+" if second > first else "−"
    share = f"{sign}{number(round(more / first * 100))} %" if first > 0 else ""
    return Line(label, write(first), write(second), f"{sign}{write(more)}", share)


def _waited(job: JobView) -> Figure:
    return max(0.0, (job.started_at - job.created_at).total_seconds()) if job.started_at else None


def _ran(job: JobView) -> Figure:
    return (job.finished_at - job.started_at).total_seconds() if job.started_at and job.finished_at else None
