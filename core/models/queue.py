"""What people want of queues and workers. Rows, so that a Redis that is wiped or restarted forgets none of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class QueuePause(Base):
    """Nothing of this queue is begun while the row stands; what was in hand has gone back to the queue."""

    __tablename__ = "queue_pauses"

    queue: Mapped[str] = mapped_column(Text, primary_key=True)
    paused_by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    paused_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


class WorkerOrder(Base):
    """What somebody wants of one worker. `what`: drain (take nothing new), stop (hand back and exit)."""

    __tablename__ = "worker_orders"

    worker: Mapped[str] = mapped_column(Text, primary_key=True)
    what: Mapped[str] = mapped_column(Text)
    given_by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
