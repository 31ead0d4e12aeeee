"""A scrape looks at what is open, however much is over: it costs the same in a year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg

from worker.ledger_figures import FIGURES

OVER, OPEN = 10_000, 50
FILL = f"""
    INSERT INTO jobs (id, kind, queue, title, payload, scope, requested_by, status, total, done, split_at, started_at,
                      finished_at)
    SELECT gen_random_uuid(), 'etl.sync', 'jobs:etl', 't', '{{}}', n::text, 'ana',
           CASE WHEN n > {OVER} THEN 'running' ELSE 'completed' END, 9, 9, now(), now(),
           CASE WHEN n <= {OVER} THEN now() END
    FROM generate_series(1, {OVER + OPEN}) n;
    INSERT INTO parts (job_id, n, record_ids, total, status, started_at, finished_at)
    SELECT id, n, '{{}}', 9, CASE WHEN finished_at IS NULL THEN 'queued' ELSE 'done' END, now(), finished_at
    FROM jobs, generate_series(1, 4) n;
    INSERT INTO failures (record_kind, collection, record_id, job_id, step, cause, reason, status)
    SELECT 'candidate', 'c', n, (SELECT id FROM jobs LIMIT 1), 'embed', 'text_refused', 'refused',
           CASE WHEN n <= {OPEN} THEN 'open' ELSE 'resolved' END
    FROM generate_series(1, {OVER}) n;
    ANALYZE
"""


def test_a_scrape_reads_no_row_that_is_over(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(FILL)
        connection.execute(FIGURES).fetchall()
        row = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {FIGURES}").fetchone()
    assert row is not None
    read = Counter[str]()
    for scan in _scans(row[0][0]["Plan"]):
        dropped = scan.get("Rows Removed by Filter", 0) + scan.get("Rows Removed by Index Recheck", 0)
        read[scan["Relation Name"]] += int((scan["Actual Rows"] + dropped) * scan["Actual Loops"])
    assert 0 < read["jobs"] <= OPEN
    assert 0 < read["parts"] <= 4 * OPEN
    assert 0 < read["failures"] <= OPEN


def _scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the nodes of a plan that read a table."""
    if "Relation Name" in node:
        yield node
    for child in node.get("Plans", ()):
        yield from _scans(child)
