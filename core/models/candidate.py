"""The people that recruiters search for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Computed, DateTime, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base

# `candidate_has_text` is a function of the migrations: any letter or digit in the five text columns.
ELIGIBLE = (
    "NOT coalesce(opted_out, false) AND deleted_at IS NULL "
    "AND candidate_has_text(headline, summary, skills, experience, education)"
)


class Candidate(Base):
    """One person. Text: headline, summary, skills, experience, education; the rest is payload.

    `updated_at` is set by a trigger to `greatest(clock_timestamp(), old.updated_at + 1 microsecond)`, so that
    each version of a row has its own. `eligible` says whether the person belongs in the index.
    """

    __tablename__ = "candidates"
    __table_args__ = (
        Index("ix_candidates_eligible", "id", postgresql_include=["updated_at"], postgresql_where=text("eligible")),
        Index("ix_candidates_not_eligible", "id", postgresql_where=text("NOT eligible")),
        Index("ix_candidates_location", text("lower(location)"), "id"),
        Index("ix_candidates_skills_languages", "skills", "languages", postgresql_using="gin"),
        Index("ix_candidates_status_years", "status", "years_experience"),
        Index(None, "updated_at"),
        Index("ix_candidates_name_words", text("to_tsvector('simple'::regconfig, full_name)"), postgresql_using="gin"),
        Index(
            "ix_candidates_external_id_start",
            "external_id",
            postgresql_ops={"external_id": "text_pattern_ops"},
            postgresql_include=["id"],
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    external_id: Mapped[str] = mapped_column(Text, unique=True)
    full_name: Mapped[str] = mapped_column(Text)
    headline: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[str | None] = mapped_column(Text)
    skills: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    experience: Mapped[Any | None] = mapped_column(JSONB)
    education: Mapped[Any | None] = mapped_column(JSONB)
    years_experience: Mapped[int | None]
    location: Mapped[str | None] = mapped_column(Text)
    languages: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    status: Mapped[str | None] = mapped_column(Text, server_default="active")
    opted_out: Mapped[bool | None] = mapped_column(Boolean, server_default=text("false"))
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    eligible: Mapped[bool] = mapped_column(Boolean, Computed(ELIGIBLE, persisted=True))
