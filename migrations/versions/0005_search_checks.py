"""Keep what the checks of the search saw: who of those asked for by their own text came back, and how quickly."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "search_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("taken_at", TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("job_id", sa.Uuid()),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("p50_ms", sa.Float()),
        sa.Column("p95_ms", sa.Float()),
        sa.Column("people", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_checks"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_search_checks_job_id", ondelete="CASCADE"),
        sa.UniqueConstraint("job_id", name="uq_search_checks_job_id"),
    )
    op.create_index("ix_search_checks_taken_at_id", "search_checks", [sa.text("taken_at DESC"), sa.text("id DESC")])


def downgrade() -> None:
    op.drop_table("search_checks")
