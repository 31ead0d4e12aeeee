"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Any letter or digit in the texts. Ranges are of code points, so that no server's locale changes the answer;
# `core/pipeline/text.py` goes by the same.
LETTER_OR_DIGIT = (
    r"[A-Za-z0-9\u00AA\u00B2\u00B3\u00B5\u00B9\u00BA\u00BC-\u00BE\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u061B\u061D-\u167F"
    r"\u1681-\u1FFF\u2070-\u209C\u2100-\u218B\u2460-\u24FF\u2776-\u2793\u2C00-\u2E2F\u3005-\u3007\u3021-\uD7FF"
    r"\uF900-\uFDFF\uFE70-\uFEFC\uFF10-\uFF19\uFF21-\uFF3A\uFF41-\uFF5A\uFF66-\uFFDC"
    r"\U00010000-\U0001EFFF\U0001F100-\U0001F10C\U0001FBF0-\U0001FBF9\U00020000-\U000323AF]"
)
HAS_TEXT = r"""
CREATE FUNCTION candidate_has_text(headline text, summary text, skills text[], experience jsonb, education jsonb)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(headline ~ :letters, false)
        OR coalesce(summary ~ :letters, false)
        OR coalesce(array_to_string(skills, ' ') ~ :letters, false)
        OR coalesce(jsonb_path_exists(experience, :path), false)
        OR coalesce(jsonb_path_exists(education, :path), false)
$$
"""
IN_JSON = r"""'$.** ? (@.type() == "number" || @ like_regex ":escaped")'"""

# Each version of a row has a time of its own, even when the clock goes back.
TOUCH = """
CREATE FUNCTION candidates_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := greatest(clock_timestamp(), OLD.updated_at + interval '1 microsecond');
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    has_text = HAS_TEXT.replace(":path", IN_JSON).replace(":escaped", LETTER_OR_DIGIT.replace("\\", "\\\\"))
    op.execute(sa.text(has_text.replace(":letters", f"'{LETTER_OR_DIGIT}'").replace(":", "\\:")))
    op.execute(TOUCH)
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index(
        "ix_audit_events_at", "audit_events", [sa.literal_column("at DESC"), sa.literal_column("id DESC")], unique=False
    )
    op.create_index(op.f("ix_audit_events_target"), "audit_events", ["target"], unique=False)
    op.create_table(
        "candidates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("experience", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("education", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("years_experience", sa.Integer(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("status", sa.Text(), server_default="active", nullable=True),
        sa.Column("opted_out", sa.Boolean(), server_default=sa.text("false"), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "eligible",
            sa.Boolean(),
            sa.Computed(
                "NOT coalesce(opted_out, false) AND deleted_at IS NULL "
                "AND candidate_has_text(headline, summary, skills, experience, education)",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidates")),
        sa.UniqueConstraint("external_id", name=op.f("uq_candidates_external_id")),
    )
    op.create_index("ix_candidates_eligible", "candidates", ["id"], unique=False, postgresql_where=sa.text("eligible"))
    op.create_index(op.f("ix_candidates_updated_at"), "candidates", ["updated_at"], unique=False)
    op.create_table(
        "coverage",
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("alias", name=op.f("pk_coverage")),
    )
    op.create_table(
        "embedding_cache",
        sa.Column("text_hash", sa.LargeBinary(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("input_type", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("text_hash", "model", "dimension", "input_type", name=op.f("pk_embedding_cache")),
    )
    op.create_index(
        op.f("ix_embedding_cache_created_at"), "embedding_cache", ["created_at"], unique=False, postgresql_using="brin"
    )
    op.create_table(
        "index_state",
        sa.Column("record_kind", sa.Text(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("source_version", sa.DateTime(timezone=True), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("indexed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("record_kind", "collection", "record_id", name=op.f("pk_index_state")),
    )
    op.create_index(op.f("ix_index_state_job_id"), "index_state", ["job_id"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("retry_of", sa.Uuid(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("skipped", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("calls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("rate", sa.Double(), nullable=True),
        sa.Column("rate_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rate_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("split_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["retry_of"], ["jobs.id"], name=op.f("fk_jobs_retry_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(
        "ix_jobs_created_at_id",
        "jobs",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(op.f("ix_jobs_retry_of"), "jobs", ["retry_of"], unique=False)
    op.create_index(
        "ix_jobs_status_created_at",
        "jobs",
        ["status", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "uq_jobs_open_scope",
        "jobs",
        ["scope"],
        unique=True,
        postgresql_where=sa.text("status IN ('queued', 'running', 'waiting')"),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("theme", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("session_epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_login", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("name", name=op.f("uq_people_name")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_api_tokens_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_tokens_prefix")),
    )
    op.create_table(
        "failures",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("record_kind", sa.Text(), nullable=False),
        sa.Column("collection", sa.Text(), server_default="", nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=True),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("source_version", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_failures_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failures")),
    )
    op.create_index(op.f("ix_failures_job_id_failures_status"), "failures", ["job_id", "status"], unique=False)
    op.create_index(
        "ix_failures_status_cause", "failures", ["status", "cause", sa.literal_column("last_seen DESC")], unique=False
    )
    op.create_index(
        "uq_failures_open_part",
        "failures",
        ["job_id", "part"],
        unique=True,
        postgresql_where=sa.text("status = 'open' AND record_id IS NULL"),
    )
    op.create_index(
        "uq_failures_open_record",
        "failures",
        ["record_kind", "collection", "record_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open' AND record_id IS NOT NULL"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_idempotency_keys_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("owner", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "job_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("level", sa.Text(), server_default="info", nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_events_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_events")),
    )
    op.create_index(op.f("ix_job_events_job_id_job_events_id"), "job_events", ["job_id", "id"], unique=False)
    op.create_table(
        "parts",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("record_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("cursor", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("skipped", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("calls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("deaths", sa.Integer(), server_default="0", nullable=False),
        sa.Column("token", sa.Uuid(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_parts_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "n", name=op.f("pk_parts")),
    )
    op.create_index(
        "ix_parts_open",
        "parts",
        ["status", "lease_until"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'running', 'waiting')"),
    )
    op.execute(
        "CREATE TRIGGER candidates_touch BEFORE UPDATE ON candidates FOR EACH ROW EXECUTE FUNCTION candidates_touch()"
    )
    # Floats and id lists do not compress: trying costs CPU at every write.
    op.execute("ALTER TABLE embedding_cache ALTER COLUMN vector SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE parts ALTER COLUMN record_ids SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_index(
        "ix_parts_open", table_name="parts", postgresql_where=sa.text("status IN ('queued', 'running', 'waiting')")
    )
    op.drop_table("parts")
    op.drop_index(op.f("ix_job_events_job_id_job_events_id"), table_name="job_events")
    op.drop_table("job_events")
    op.drop_table("idempotency_keys")
    op.drop_index(
        "uq_failures_open_record",
        table_name="failures",
        postgresql_where=sa.text("status = 'open' AND record_id IS NOT NULL"),
    )
    op.drop_index(
        "uq_failures_open_part",
        table_name="failures",
        postgresql_where=sa.text("status = 'open' AND record_id IS NULL"),
    )
    op.drop_index("ix_failures_status_cause", table_name="failures")
    op.drop_index(op.f("ix_failures_job_id_failures_status"), table_name="failures")
    op.drop_table("failures")
    op.drop_table("api_tokens")
    op.drop_table("people")
    op.drop_index(
        "uq_jobs_open_scope", table_name="jobs", postgresql_where=sa.text("status IN ('queued', 'running', 'waiting')")
    )
    op.drop_index("ix_jobs_status_created_at", table_name="jobs")
    op.drop_index(op.f("ix_jobs_retry_of"), table_name="jobs")
    op.drop_index("ix_jobs_created_at_id", table_name="jobs")
    op.drop_table("jobs")
    op.drop_index(op.f("ix_index_state_job_id"), table_name="index_state")
    op.drop_table("index_state")
    op.drop_index(op.f("ix_embedding_cache_created_at"), table_name="embedding_cache", postgresql_using="brin")
    op.drop_table("embedding_cache")
    op.drop_table("coverage")
    op.drop_index(op.f("ix_candidates_updated_at"), table_name="candidates")
    op.drop_index("ix_candidates_eligible", table_name="candidates", postgresql_where=sa.text("eligible"))
    op.drop_table("candidates")
    op.drop_index(op.f("ix_audit_events_target"), table_name="audit_events")
    op.drop_index("ix_audit_events_at", table_name="audit_events")
    op.drop_table("audit_events")
    op.execute("DROP FUNCTION candidates_touch()")
    op.execute("DROP FUNCTION candidate_has_text(text, text, text[], jsonb, jsonb)")
