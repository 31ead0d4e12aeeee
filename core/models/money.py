"""What was spent, and when a provider wants to be left alone."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, Date, DateTime, Index, SmallInteger, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base

NOBODY = uuid.UUID(int=0)  # stands for the job where a person's search was paid for


class Spend(Base):
    """What one job, or the searches of a day (`job_id` is NOBODY), paid for with one model on one day in UTC.

    Written in the transaction that keeps the vectors, whoever holds the part by then: what was billed is counted.
    In stripes, as the totals: none waits for another whose process was frozen before its commit. `kind` and `person`
    are the job's, kept here to be summed without it; empty for searches.
    """

    __tablename__ = "spend"
    __table_args__ = (Index(None, "day"),)

    job_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(
        Date, primary_key=True, server_default=text("(clock_timestamp() AT TIME ZONE 'UTC')::date")
    )
    stripe: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default="0", autoincrement=False)
    kind: Mapped[str] = mapped_column(Text, server_default="")
    person: Mapped[str] = mapped_column(Text, server_default="")
    calls: Mapped[int] = mapped_column(BigInteger, server_default="0")
    inputs: Mapped[int] = mapped_column(BigInteger, server_default="0")
    tokens: Mapped[int] = mapped_column(BigInteger, server_default="0")


class PaidCall(Base):
    """A call that is booked, for a day: a commit whose answer was lost is made again, and must not count twice."""

    __tablename__ = "paid_calls"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


class Hold(Base):
    """Nobody may call this provider before `until`: it has said so. Here, so that a wiped Redis forgets none."""

    __tablename__ = "holds"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


class KeyRefusal(Base):
    """A provider has refused the key behind this gate, which is named by a hash of the key. Until it is accepted."""

    __tablename__ = "refusals"

    gate: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
