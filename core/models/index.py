"""What the vector index has acknowledged, and the vectors that were paid for."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Index, LargeBinary, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class IndexState(Base):
    """One record's point in one collection, as last acknowledged by the index.

    A record has changed when `source_version` is not its row's `updated_at`. Hashes are SHA-256, 32 bytes. The index
    of the primary key holds version, model and dimension too: a million records are compared without their rows.
    """

    __tablename__ = "index_state"
    __table_args__ = (Index(None, "job_id"),)

    record_kind: Mapped[str] = mapped_column(Text, primary_key=True)
    collection: Mapped[str] = mapped_column(Text, primary_key=True)
    record_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    payload_hash: Mapped[bytes] = mapped_column(LargeBinary)
    model: Mapped[str] = mapped_column(Text)
    dimension: Mapped[int]
    source_version: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    job_id: Mapped[uuid.UUID | None]
    indexed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class EmbeddingCache(Base):
    """A vector that was paid for, written before it is indexed, so that a crash does not pay twice.

    `vector` is little-endian float32. Its storage is EXTERNAL: floats do not compress.
    """

    __tablename__ = "embedding_cache"
    __table_args__ = (Index(None, "created_at", postgresql_using="brin"),)

    text_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    model: Mapped[str] = mapped_column(Text, primary_key=True)
    dimension: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    input_type: Mapped[str] = mapped_column(Text, primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Coverage(Base):
    """The last comparison of the candidates with the index; a snapshot with its age.

    `ranges` says where the candidates of each state are: numbers of ranges of ids, as `core.coverage` cuts them.
    """

    __tablename__ = "coverage"

    alias: Mapped[str] = mapped_column(Text, primary_key=True)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    ranges: Mapped[dict[str, list[int]]] = mapped_column(JSONB, server_default=text("'{}'"), deferred=True)
    checked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Census(Base):
    """When a collection's points were last compared with what we believe of it, and when we last had reason to doubt.

    A doubt comes of whatever may leave points that nobody knows of, or tables that say too much: a worker that
    vanished, an engine that broke off.
    """

    __tablename__ = "censuses"

    collection: Mapped[str] = mapped_column(Text, primary_key=True)
    doubted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    checked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
