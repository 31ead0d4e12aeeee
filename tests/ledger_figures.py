"""What the running totals must be, counted anew from the ledger's own rows."""

from __future__ import annotations

import psycopg

Figures = dict[tuple[str, str, str], float]

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


def counted(database_url: str) -> Figures:
    """Count the jobs, parts, records, recoveries and durations that there are; (name, kind, label) -> number."""
    with psycopg.connect(database_url) as connection:
        return {(name, kind, label): value for name, kind, label, value in connection.execute(COUNTED)}
