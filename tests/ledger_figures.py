"""What /metrics must say, counted anew from the ledger's own rows.

`differences(ops_url, database_url)` names every figure that is not as counted; a ledger at rest gives none.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict

import httpx
import psycopg
from prometheus_client.parser import text_string_to_metric_families

PATIENCE_SECONDS = 5.0
Figures = dict[tuple[str, str, str], float]
Sample = tuple[str, tuple[tuple[str, str], ...]]  # a line's name and its labels in order

COUNTED = """
    WITH ended AS (
        SELECT 'job_seconds' AS name, kind, extract(epoch FROM finished_at - started_at)::float8 AS seconds
        FROM jobs WHERE finished_at IS NOT NULL AND started_at IS NOT NULL
        UNION ALL
        SELECT 'part_seconds', kind, extract(epoch FROM p.finished_at - p.started_at)::float8
        FROM parts p JOIN jobs ON jobs.id = p.job_id WHERE p.finished_at IS NOT NULL AND p.started_at IS NOT NULL
    )
    SELECT 'jobs', kind, status, count(*)::float8 FROM jobs WHERE finished_at IS NOT NULL GROUP BY 2, 3
    UNION ALL
    SELECT 'parts', kind, p.status, count(*) FROM parts p JOIN jobs ON jobs.id = p.job_id
    WHERE p.status IN ('done', 'failed', 'cancelled') GROUP BY 2, 3
    UNION ALL
    SELECT 'records', kind, outcome, sum(n) FROM jobs,
        LATERAL (VALUES ('done', done), ('skipped', skipped), ('failed', failed)) AS each (outcome, n)
    GROUP BY 2, 3 HAVING sum(n) > 0
    UNION ALL
    SELECT 'lease_recoveries', kind, '', count(*) FROM job_events JOIN jobs ON jobs.id = job_events.job_id
    WHERE lost_worker IS NOT NULL GROUP BY 2
    UNION ALL
    SELECT name, kind, CASE WHEN seconds <= 1 THEN '1' WHEN seconds <= 5 THEN '5' WHEN seconds <= 15 THEN '15'
        WHEN seconds <= 60 THEN '60' WHEN seconds <= 300 THEN '300' WHEN seconds <= 900 THEN '900'
        WHEN seconds <= 3600 THEN '3600' WHEN seconds <= 14400 THEN '14400' ELSE '+Inf' END, count(*)
    FROM ended GROUP BY 1, 2, 3
    UNION ALL
    SELECT name, kind, 'sum', sum(seconds) FROM ended GROUP BY 1, 2
"""

# Line, names of its labels, and what to count.
PLAIN = (
    (
        "vigia_jobs_open",
        ("kind", "status"),
        "SELECT kind, status, count(*) FROM jobs WHERE finished_at IS NULL GROUP BY 1, 2",
    ),
    (
        "vigia_parts_open",
        ("kind", "status"),
        "SELECT kind, p.status, count(*) FROM parts p JOIN jobs ON jobs.id = job_id "
        "WHERE p.finished_at IS NULL GROUP BY 1, 2",
    ),
    (
        "vigia_queue_depth",
        ("queue",),
        "SELECT queue, sum((split_at IS NULL AND status = 'queued')::int + waiting) FROM jobs, LATERAL "
        "(SELECT count(*) AS waiting FROM parts WHERE job_id = id AND parts.status = 'queued') AS own "
        "WHERE finished_at IS NULL GROUP BY 1",
    ),
    ("vigia_dead_letters", ("cause",), "SELECT cause, count(*) FROM failures WHERE status = 'open' GROUP BY 1"),
    ("vigia_alerts", ("rule",), "SELECT rule, count(*) FROM alerts WHERE cleared_at IS NULL GROUP BY 1"),
    ("vigia_embed_calls_total", ("model",), "SELECT model, sum(calls) FROM spend GROUP BY 1"),
    ("vigia_embed_inputs_total", ("model",), "SELECT model, sum(inputs) FROM spend GROUP BY 1"),
    ("vigia_embed_billed_tokens_total", ("model",), "SELECT model, sum(tokens) FROM spend GROUP BY 1"),
)
OUTCOMES = {"jobs": "vigia_jobs_total", "parts": "vigia_parts_total", "records": "vigia_records_total"}
DURATIONS = {"job_seconds": "vigia_job_duration_seconds", "part_seconds": "vigia_part_duration_seconds"}
BOUNDS = ("1", "5", "15", "60", "300", "900", "3600", "14400", "+Inf")


def counted(database_url: str) -> Figures:
    """Count the jobs, parts, records, recoveries and durations that there are; (name, kind, label) -> number."""
    with psycopg.connect(database_url) as connection:
        return {(name, kind, label): value for name, kind, label, value in connection.execute(COUNTED)}


def differences(ops_url: str, database_url: str, *, token: str = "") -> list[str]:
    """Scrape this ops server and count the ledger; name each figure that differs. Both must be at rest."""
    told, wanted = scraped(ops_url, token=token), expected(database_url)
    ours = {name for name, _ in wanted} | {name for name, _, _ in PLAIN} | set(OUTCOMES.values())
    lines = sorted({sample for sample in told if sample[0] in ours} | set(wanted))
    return [
        f"{name}{dict(labels)}: told {told.get((name, labels))}, counted {wanted.get((name, labels))}"
        for name, labels in lines
        if not math.isclose(told.get((name, labels), 0), wanted.get((name, labels), 0), rel_tol=1e-6, abs_tol=1e-4)
    ]


def lasting_differences(ops_url: str, database_url: str) -> list[str]:
    """Give the differences that stay for seconds: an alert has a clock of its own, and may fire between two looks."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := differences(ops_url, database_url)) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def scraped(ops_url: str, *, token: str = "") -> dict[Sample, float]:
    """Read /metrics, line by line."""
    answer = httpx.get(f"{ops_url}/metrics", headers={"Authorization": f"Bearer {token}"} if token else {}, timeout=10)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def expected(database_url: str) -> dict[Sample, float]:
    """Count what the lines of /metrics should be."""
    lines: dict[Sample, float] = {}
    seconds: defaultdict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for (name, kind, label), value in counted(database_url).items():
        if name in OUTCOMES:
            lines[_line(OUTCOMES[name], kind=kind, outcome=label)] = value
        elif name in DURATIONS:
            seconds[DURATIONS[name], kind][label] = value
        else:
            lines[_line(f"vigia_{name}_total", kind=kind)] = value
    for (name, kind), buckets in seconds.items():
        lines |= _histogram(name, kind, buckets)
    return lines | _plain(database_url)


def _histogram(name: str, kind: str, buckets: dict[str, float]) -> dict[Sample, float]:
    passed = 0.0
    lines = {_line(f"{name}_sum", kind=kind): buckets["sum"]}
    for bound in BOUNDS:
        passed += buckets.get(bound, 0)
        lines[_line(f"{name}_bucket", kind=kind, le=bound)] = passed
    return lines | {_line(f"{name}_count", kind=kind): passed}


def _plain(database_url: str) -> dict[Sample, float]:
    with psycopg.connect(database_url) as connection:
        return {
            _line(name, **dict(zip(labels, row, strict=False))): float(row[-1])
            for name, labels, count in PLAIN
            for row in connection.execute(count)
        }


def _line(name: str, **labels: str) -> Sample:
    return name, tuple(sorted(labels.items()))
