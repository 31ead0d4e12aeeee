"""Find people by the words of their name or the start of an external id, and failures by their record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_candidates_name_words",
        "candidates",
        [sa.literal_column("to_tsvector('simple'::regconfig, full_name)")],
        postgresql_using="gin",
    )
    op.create_index(
        "ix_candidates_external_id_start",
        "candidates",
        ["external_id"],
        postgresql_ops={"external_id": "text_pattern_ops"},
    )
    op.create_index("ix_failures_record", "failures", ["record_kind", "record_id"])


def downgrade() -> None:
    op.drop_index("ix_failures_record", table_name="failures")
    op.drop_index("ix_candidates_external_id_start", table_name="candidates")
    op.drop_index("ix_candidates_name_words", table_name="candidates")
