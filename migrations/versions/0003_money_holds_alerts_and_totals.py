"""Money that was spent, holds of providers, running totals, alerts, censuses; which request, and which worker."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
NOW = sa.text("clock_timestamp()")

# What has been counted since, in the same way, is counted here for the jobs that there are.
COUNT_WHAT_THERE_IS = """
    WITH ended AS (
        SELECT 'job_seconds' AS name, kind, greatest(0, extract(epoch FROM finished_at - started_at)) AS seconds
        FROM jobs WHERE finished_at IS NOT NULL AND started_at IS NOT NULL
        UNION ALL
        SELECT 'part_seconds', jobs.kind, greatest(0, extract(epoch FROM parts.finished_at - parts.started_at))
        FROM parts JOIN jobs ON jobs.id = parts.job_id
        WHERE parts.status IN ('done', 'failed', 'cancelled') AND parts.started_at IS NOT NULL
            AND parts.finished_at IS NOT NULL
    )
    INSERT INTO totals (name, kind, label, value)
    SELECT 'jobs', kind, status, count(*) FROM jobs
    WHERE status IN ('completed', 'completed_with_errors', 'failed', 'cancelled') GROUP BY kind, status
    UNION ALL
    SELECT 'parts', jobs.kind, parts.status, count(*) FROM parts JOIN jobs ON jobs.id = parts.job_id
    WHERE parts.status IN ('done', 'failed', 'cancelled') GROUP BY jobs.kind, parts.status
    UNION ALL
    SELECT 'records', kind, outcome, sum(amount) FROM jobs,
        LATERAL (VALUES ('done', done), ('skipped', skipped), ('failed', failed)) AS outcomes (outcome, amount)
    GROUP BY kind, outcome HAVING sum(amount) > 0
    UNION ALL
    SELECT 'embed_' || unit, '', model, sum(amount) FROM spend,
        LATERAL (VALUES ('calls', calls), ('inputs', inputs), ('tokens', tokens)) AS units (unit, amount)
    GROUP BY unit, model HAVING sum(amount) > 0
    UNION ALL
    SELECT name, kind, coalesce((SELECT min(bound)::text FROM unnest(ARRAY[1, 5, 15, 60, 300, 900, 3600, 14400]) bound
                                 WHERE seconds <= bound), '+Inf') AS bucket, count(*)
    FROM ended GROUP BY name, kind, bucket
    UNION ALL
    SELECT name, kind, 'sum', sum(seconds) FROM ended GROUP BY name, kind HAVING sum(seconds) > 0
"""


# What jobs have paid for until now; how many texts that were was not kept.
BILLED = """
    INSERT INTO spend (job_id, model, day, calls, inputs, tokens)
    SELECT id, model, (coalesce(finished_at, created_at) AT TIME ZONE 'UTC')::date, calls, 0, tokens
    FROM jobs WHERE calls > 0 AND model IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "spend",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column(
            "day", sa.Date(), server_default=sa.text("(clock_timestamp() AT TIME ZONE 'UTC')::date"), nullable=False
        ),
        sa.Column("stripe", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("calls", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("inputs", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("job_id", "model", "day", "stripe", name="pk_spend"),
    )
    op.create_index("ix_spend_day", "spend", ["day"])
    op.execute(BILLED)
    op.create_table(
        "paid_calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", TIME, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_paid_calls"),
    )
    op.create_index("ix_paid_calls_at", "paid_calls", ["at"])
    op.create_table(
        "holds",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_at", TIME, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_holds"),
    )
    op.create_table(
        "refusals",
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", TIME, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("gate", name="pk_refusals"),
    )
    op.create_table(
        "totals",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("stripe", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("value", sa.Float(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", "kind", "label", "stripe", name="pk_totals"),
    )
    op.execute(COUNT_WHAT_THERE_IS)
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("cure", sa.Text(), server_default="", nullable=False),
        sa.Column("fired_at", TIME, server_default=NOW, nullable=False),
        sa.Column("cleared_at", TIME),
        sa.Column("told_at", TIME),
        sa.Column("tell_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.create_index(
        "uq_alerts_open", "alerts", ["rule", "subject"], unique=True, postgresql_where=sa.text("cleared_at IS NULL")
    )
    op.create_index("ix_alerts_fired_at", "alerts", [sa.text("fired_at DESC"), sa.text("id DESC")])
    op.create_table(
        "censuses",
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("doubted_at", TIME),
        sa.Column("checked_at", TIME),
        sa.PrimaryKeyConstraint("collection", name="pk_censuses"),
    )
    op.create_index(
        "ix_jobs_open_requested_by",
        "jobs",
        ["requested_by"],
        postgresql_where=sa.text("status IN ('queued', 'running', 'waiting')"),
    )
    op.add_column("jobs", sa.Column("request_id", sa.Text()))
    op.add_column("jobs", sa.Column("moved_at", TIME))
    op.add_column("parts", sa.Column("waits", sa.Integer(), server_default="0", nullable=False))
    for column in ("tokens", "calls"):  # what a job has paid for is summed from `spend`
        op.drop_column("parts", column)
    op.add_column("job_events", sa.Column("lost_worker", sa.Text()))
    op.create_index(
        "ix_job_events_lost_worker_at", "job_events", ["at"], postgresql_where=sa.text("lost_worker IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_job_events_lost_worker_at", table_name="job_events")
    op.drop_column("job_events", "lost_worker")
    op.drop_column("jobs", "moved_at")
    op.add_column("parts", sa.Column("calls", sa.Integer(), server_default="0", nullable=False))
    op.add_column("parts", sa.Column("tokens", sa.BigInteger(), server_default="0", nullable=False))
    op.drop_column("parts", "waits")
    op.drop_column("jobs", "request_id")
    op.drop_index("ix_jobs_open_requested_by", table_name="jobs")
    for table in ("censuses", "alerts", "totals", "refusals", "holds", "paid_calls", "spend"):
        op.drop_table(table)
