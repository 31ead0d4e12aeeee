"""Compare a million candidates with the index without reading their rows, and find them by what people filter by.

The tables stay open for writing: indexes are built beside the work, and take the places of narrower ones at once.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATE_KEY = ["record_kind", "collection", "record_id"]
COMPARED = ["source_version", "model", "dimension"]


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _build("ix_candidates_not_eligible", "candidates", ["id"], postgresql_where=sa.text("NOT eligible"))
        _build("ix_candidates_location", "candidates", [sa.text("lower(location)"), "id"])
        _build("ix_candidates_skills_languages", "candidates", ["skills", "languages"], postgresql_using="gin")
        _build("ix_candidates_status_years", "candidates", ["status", "years_experience"])
        newest = [sa.text("last_seen DESC"), sa.text("id DESC")]
        _build("ix_failures_status_last_seen", "failures", ["status", *newest])
        eligible = {"postgresql_include": ["updated_at"], "postgresql_where": sa.text("eligible")}
        _build("ix_candidates_eligible_wide", "candidates", ["id"], **eligible)
        start = {"postgresql_ops": {"external_id": "text_pattern_ops"}, "postgresql_include": ["id"]}
        _build("ix_candidates_external_id_start_wide", "candidates", ["external_id"], **start)
        _build("pk_index_state_wide", "index_state", STATE_KEY, unique=True, postgresql_include=COMPARED)
    op.add_column("coverage", sa.Column("ranges", JSONB(), server_default=sa.text("'{}'"), nullable=False))
    for name in ("ix_candidates_eligible", "ix_candidates_external_id_start"):
        op.drop_index(name, table_name="candidates")
        op.execute(f"ALTER INDEX {name}_wide RENAME TO {name}")
    _take_for_key("pk_index_state_wide")
    op.execute("ANALYZE candidates")  # what is common in lower(location) is known only then


def downgrade() -> None:
    op.create_index("pk_index_state_narrow", "index_state", STATE_KEY, unique=True)
    _take_for_key("pk_index_state_narrow")
    op.drop_index("ix_candidates_eligible", table_name="candidates")
    op.create_index("ix_candidates_eligible", "candidates", ["id"], postgresql_where=sa.text("eligible"))
    op.drop_index("ix_candidates_external_id_start", table_name="candidates")
    start = {"external_id": "text_pattern_ops"}
    op.create_index("ix_candidates_external_id_start", "candidates", ["external_id"], postgresql_ops=start)
    op.drop_index("ix_failures_status_last_seen", table_name="failures")
    for name in ("status_years", "skills_languages", "location", "not_eligible"):
        op.drop_index(f"ix_candidates_{name}", table_name="candidates")
    op.drop_column("coverage", "ranges")


def _build(name: str, table: str, columns: list[Any], **how: Any) -> None:
    """Build an index while others write; what an interrupted try has left is not used and goes first."""
    op.drop_index(name, table_name=table, if_exists=True)
    op.create_index(name, table, columns, postgresql_concurrently=True, **how)


def _take_for_key(name: str) -> None:
    op.execute(
        "ALTER TABLE index_state DROP CONSTRAINT pk_index_state, "
        f"ADD CONSTRAINT pk_index_state PRIMARY KEY USING INDEX {name}"
    )
