"""What /metrics tells: each metric's name, sense and labels, and how rows of figures become its lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from core.buckets import BEYOND, BOUNDS, SUM


class Figure(NamedTuple):
    """One number, from a table or from Redis: which family, its two labels, its value."""

    family: str
    kind: str
    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Family:
    """A metric. `labels` names a figure's `kind` and `label`; an empty name leaves that one out."""

    name: str
    sense: str
    type: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, str] = ("", "")


BY_OUTCOME, BY_STATUS = ("kind", "outcome"), ("kind", "status")

FAMILIES: Mapping[str, Family] = {
    "jobs": Family("vigia_jobs", "Jobs that are over.", "counter", BY_OUTCOME),
    "parts": Family("vigia_parts", "Parts that are closed.", "counter", BY_OUTCOME),
    "records": Family("vigia_records", "Records that jobs brought to an outcome.", "counter", BY_OUTCOME),
    "job_seconds": Family("vigia_job_duration_seconds", "From a job's split to its end.", "histogram", ("kind", "")),
    "part_seconds": Family(
        "vigia_part_duration_seconds",
        "From a part's first claim to its end, waits included.",
        "histogram",
        ("kind", ""),
    ),
    "jobs_open": Family("vigia_jobs_open", "Jobs that are not over.", "gauge", BY_STATUS),
    "parts_open": Family("vigia_parts_open", "Parts that are not closed.", "gauge", BY_STATUS),
    "queue_depth": Family("vigia_queue_depth", "Jobs and parts that are queued.", "gauge", ("queue", "")),
    "queue_oldest": Family(
        "vigia_queue_oldest_seconds", "How long the first in the queue waits.", "gauge", ("queue", "")
    ),
    "queue_messages": Family("vigia_queue_messages", "Messages to workers not taken yet.", "gauge", ("queue", "")),
    "workers": Family("vigia_workers", "Workers that are alive.", "gauge", ("state", "")),
    "lease_recoveries": Family(
        "vigia_lease_recoveries", "Parts taken from a worker that died.", "counter", ("kind", "")
    ),
    "embed_calls": Family("vigia_embed_calls", "Calls to the embedding model.", "counter", ("", "model")),
    "embed_inputs": Family("vigia_embed_inputs", "Texts that were embedded.", "counter", ("", "model")),
    "embed_tokens": Family("vigia_embed_billed_tokens", "Tokens that were billed.", "counter", ("", "model")),
    "backoff_seconds": Family(
        "vigia_backoff_seconds", "Seconds that parts were told to wait.", "counter", ("kind", "cause")
    ),
    "hold": Family("vigia_provider_hold_seconds", "For how long nobody may call.", "gauge", ("provider", "")),
    "dead_letters": Family("vigia_dead_letters", "Records and parts set aside and still open.", "gauge", ("", "cause")),
    "coverage": Family("vigia_coverage_candidates", "Candidates as last compared.", "gauge", ("collection", "state")),
    "coverage_points": Family("vigia_coverage_points", "Points that the index counts.", "gauge", ("collection", "")),
    "coverage_age": Family("vigia_coverage_age_seconds", "Age of that comparison.", "gauge", ("collection", "")),
    "alerts": Family("vigia_alerts", "Alerts that are firing.", "gauge", ("rule", "")),
    "redis_up": Family("vigia_redis_up", "Whether Redis answered this scrape.", "gauge"),
    "scrape_seconds": Family("vigia_scrape_seconds", "What this scrape took.", "gauge"),
}


def metrics(figures: Iterable[Figure]) -> Iterator[Metric]:
    """Make every family's lines, in the order above; one without figures is named all the same."""
    known: defaultdict[str, list[Figure]] = defaultdict(list)
    for figure in figures:
        known[figure.family].append(figure)
    for name, family in FAMILIES.items():
        yield _metric(family, known[name])


def _metric(family: Family, figures: list[Figure]) -> Metric:
    labels = [label for label in family.labels if label]
    match family.type:
        case "histogram":
            return _histogram(family, labels, figures)
        case "counter":
            made: CounterMetricFamily | GaugeMetricFamily = CounterMetricFamily(
                family.name, family.sense, labels=labels
            )
        case "gauge":
            made = GaugeMetricFamily(family.name, family.sense, labels=labels)
    for figure in figures:
        made.add_metric(_values(family, figure), figure.value)
    return made


def _values(family: Family, figure: Figure) -> list[str]:
    return [value for label, value in zip(family.labels, (figure.kind, figure.label), strict=True) if label]


def _histogram(family: Family, labels: list[str], figures: list[Figure]) -> Metric:
    """Add up the buckets: our rows hold what fell into each alone, Prometheus wants all up to it."""
    made = HistogramMetricFamily(family.name, family.sense, labels=labels)
    for kind in sorted({figure.kind for figure in figures}):
        rows = {figure.label: figure.value for figure in figures if figure.kind == kind}
        passed, buckets = 0.0, []
        for bound in (*map(str, BOUNDS), BEYOND):
            passed += rows.get(bound, 0.0)
            buckets.append((bound, passed))
        made.add_metric([kind], buckets, rows.get(SUM, 0.0))
    return made
