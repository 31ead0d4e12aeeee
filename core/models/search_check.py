"""Whether known people can be found: what each check of the search saw."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class SearchCheck(Base):
    """One asking of the index for `asked` people by their own text; `found` of them were among the first `k`.

    `people` is a list of `{id, rank, ms}`, where rank is null for who was not found; times are in milliseconds.
    A job is checked at most once, when it is over; without a job, a person or the clock asked for it.
    """

    __tablename__ = "search_checks"
    __table_args__ = (Index("ix_search_checks_taken_at_id", text("taken_at DESC"), text("id DESC")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    job_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), unique=True)
    requested_by: Mapped[str] = mapped_column(Text)
    collection: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)
    asked: Mapped[int]
    found: Mapped[int]
    k: Mapped[int]
    p50_ms: Mapped[float | None]
    p95_ms: Mapped[float | None]
    people: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
