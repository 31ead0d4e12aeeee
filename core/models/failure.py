"""What was set aside, until a commit indexes it or a person discards it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class Failure(Base):
    """A record, or a whole part (`record_id` null), that failed. `status`: open, resolved, discarded.

    A record has at most one open failure in a collection; a later one updates it.
    """

    __tablename__ = "failures"
    __table_args__ = (
        Index(
            "uq_failures_open_record",
            "record_kind",
            "collection",
            "record_id",
            unique=True,
            postgresql_where=text("status = 'open' AND record_id IS NOT NULL"),
        ),
        Index(
            "uq_failures_open_part",
            "job_id",
            "part",
            unique=True,
            postgresql_where=text("status = 'open' AND record_id IS NULL"),
        ),
        Index(None, "job_id", "status"),
        Index("ix_failures_record", "record_kind", "record_id"),
        Index("ix_failures_cause_job", "cause", "job_id"),
        Index("ix_failures_status_last_seen", "status", text("last_seen DESC"), text("id DESC")),
        Index("ix_failures_status_cause", "status", "cause", text("last_seen DESC")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    record_kind: Mapped[str] = mapped_column(Text)
    collection: Mapped[str] = mapped_column(Text, server_default="")
    record_id: Mapped[int | None] = mapped_column(BigInteger)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    part: Mapped[int | None]
    step: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)  # a stable code: text_refused, text_too_long …
    reason: Mapped[str] = mapped_column(Text)  # a sentence; never the candidate's text
    trace_id: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(server_default="1")
    source_version: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(Text, server_default="open")
    first_seen: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    last_seen: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_by: Mapped[str | None] = mapped_column(Text)  # the job that indexed it, or the person who discarded it
    note: Mapped[str | None] = mapped_column(Text)
