"""What the machines that watch us are told: running totals, and alerts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Identity, Index, SmallInteger, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class Total(Base):
    """A counter that only grows: `name` of the metric, of which `kind`, under which `label` (outcome, bucket, model).

    Added to in the transaction that makes the thing it counts, so that it never differs from the ledger. It is the
    sum of its stripes; each transaction takes one that nobody else has, and waits for nobody.
    """

    __tablename__ = "totals"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    label: Mapped[str] = mapped_column(Text, primary_key=True)
    stripe: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default="0")
    value: Mapped[float] = mapped_column(server_default="0")


class Alert(Base):
    """Something is wrong with `subject`, as a rule says; it fires once and is cleared once."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("uq_alerts_open", "rule", "subject", unique=True, postgresql_where=text("cleared_at IS NULL")),
        Index("ix_alerts_fired_at", text("fired_at DESC"), text("id DESC")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    rule: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text, server_default="")  # a queue, a worker, a job's id
    sentence: Mapped[str] = mapped_column(Text)
    cure: Mapped[str] = mapped_column(Text, server_default="")
    fired_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    cleared_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    told_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True)
    )  # the moment of the last news that the webhook took
    tell_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # not told before: somebody is at it
