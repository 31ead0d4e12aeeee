"""The ledger: jobs, their parts, their story, and what must not be done twice or too soon."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Computed, DateTime, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base

AT_WORK = ("queued", "running", "waiting")  # statuses of a job or a part that goes on by itself
NOT_OVER = (*AT_WORK, "cancelling")  # of a job that has not ended
OPEN = "status IN ('queued', 'running', 'waiting')"  # AT_WORK, as indexes are told
# The words of a job that people search. What would make one word of two for PostgreSQL's parser is taken for a space.
WORDS = (
    "to_tsvector('simple'::regconfig, translate((((((title || ' ') || message) || ' ') || reason) || ' ') || "
    "coalesce(error_code, ''), './-_:@<>&+~#=', '             '))"
)


class Job(Base):
    """One launched piece of work. Status and counters follow from its parts.

    `steps` is a list of `{name, status, total, done, skipped, failed}`. `rate` is in records a second, smoothed.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("uq_jobs_open_scope", "scope", unique=True, postgresql_where=text(OPEN)),
        Index("ix_jobs_status_created_at", "status", text("created_at DESC"), text("id DESC")),
        Index("ix_jobs_created_at_id", text("created_at DESC"), text("id DESC")),
        Index("ix_jobs_kind_created_at", "kind", text("created_at DESC"), text("id DESC")),
        Index("ix_jobs_requested_by_created_at", "requested_by", text("created_at DESC"), text("id DESC")),
        Index(None, "started_at"),
        Index("ix_jobs_error_code", "error_code", "id", postgresql_where=text("error_code IS NOT NULL")),
        Index("ix_jobs_words", "words", postgresql_using="gin"),
        Index("ix_jobs_open_requested_by", "requested_by", postgresql_where=text(OPEN)),
        Index(None, "retry_of"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)  # short enough to say aloud
    kind: Mapped[str] = mapped_column(Text)
    queue: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    scope: Mapped[str] = mapped_column(Text)  # equal scopes are one job while it is not over
    status: Mapped[str] = mapped_column(Text, server_default="queued")
    message: Mapped[str] = mapped_column(Text, server_default="")
    requested_by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    retry_of: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("jobs.id"))
    request_id: Mapped[str | None] = mapped_column(Text)  # of the request that launched it, as in the log
    by_job: Mapped[bool] = mapped_column(server_default=text("false"))  # launched by another job, for its person
    total: Mapped[int | None]
    done: Mapped[int] = mapped_column(server_default="0")
    skipped: Mapped[int] = mapped_column(server_default="0")
    failed: Mapped[int] = mapped_column(server_default="0")
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    tokens: Mapped[int] = mapped_column(BigInteger, server_default="0")
    calls: Mapped[int] = mapped_column(server_default="0")
    model: Mapped[str | None] = mapped_column(Text)
    rate: Mapped[float | None]
    rate_done: Mapped[int] = mapped_column(server_default="0")
    rate_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    moved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # see settle; null: nothing to time
    error_code: Mapped[str | None] = mapped_column(Text)
    error_detail: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    split_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    rung_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # when the doorbell was last sent
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    words: Mapped[Any] = mapped_column(
        TSVECTOR, Computed(WORDS, persisted=True), deferred=True, deferred_raiseload=True
    )


class Part(Base):
    """A share of a job that one worker takes at a time.

    `record_ids[:cursor]` have their outcome; the counters count them, so a part that runs again counts nobody
    twice. `token` and `lease_until` say who holds it; a write without the token changes nothing.
    """

    __tablename__ = "parts"
    __table_args__ = (Index("ix_parts_open", "status", "lease_until", postgresql_where=text(OPEN)),)

    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(Text, server_default="queued")
    message: Mapped[str] = mapped_column(Text, server_default="")
    record_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), deferred=True)
    cursor: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int]
    done: Mapped[int] = mapped_column(server_default="0")
    skipped: Mapped[int] = mapped_column(server_default="0")
    failed: Mapped[int] = mapped_column(server_default="0")
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    attempt: Mapped[int] = mapped_column(server_default="0")  # how often it was claimed
    tries: Mapped[int] = mapped_column(server_default="0")  # failures in a row that may pass; reset by progress
    waits: Mapped[int] = mapped_column(server_default="0")  # waits in a row for an engine of ours; reset by progress
    deaths: Mapped[int] = mapped_column(server_default="0")  # holders that died without progress
    token: Mapped[uuid.UUID | None]
    holder: Mapped[str | None] = mapped_column(Text)
    claimed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # by the last who took it
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    not_before: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    rung_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error_code: Mapped[str | None] = mapped_column(Text)
    error_detail: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class JobEvent(Base):
    """One line of a job's story. `level`: info, wait, error."""

    __tablename__ = "job_events"
    __table_args__ = (
        Index(None, "job_id", "id"),
        Index("ix_job_events_lost_worker_at", "at", postgresql_where=text("lost_worker IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    part: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    level: Mapped[str] = mapped_column(Text, server_default="info")
    message: Mapped[str] = mapped_column(Text)
    lost_worker: Mapped[str | None] = mapped_column(Text)  # whose silence this line tells of


class JobResult(Base):
    """What became of one item of a job that works on other things than people. `outcome`: done, skipped, failed."""

    __tablename__ = "job_results"

    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    record_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    outcome: Mapped[str] = mapped_column(Text)
    sentence: Mapped[str] = mapped_column(Text)
    led_to: Mapped[uuid.UUID | None]  # the job that was launched for it


class IdempotencyKey(Base):
    """A key that a caller sent with a launch; `owner` is its token or person."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index(None, "job_id"),)

    owner: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    body_hash: Mapped[str] = mapped_column(Text)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
