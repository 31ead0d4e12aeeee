"""Vectors that were paid for, by text. Written before a vector is indexed, so that no crash pays twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.db import byteas, cursor
from core.ports import Vectors

Vector = NDArray[np.float32]  # shape (dimension,)


def find(session: Session, model: str, dimension: int, input_type: str, hashes: Sequence[bytes]) -> dict[bytes, Vector]:
    """Return the vectors that are there, by the SHA-256 of their text."""
    with cursor(session) as cur:
        cur.execute(
            "SELECT text_hash, vector FROM embedding_cache "
            "WHERE text_hash = ANY(%s::bytea[]) AND model = %s AND dimension = %s AND input_type = %s",
            [byteas(hashes), model, dimension, input_type],
        )
        return {row[0]: np.frombuffer(row[1], dtype="<f4") for row in cur}


def keep(
    session: Session, model: str, dimension: int, input_type: str, hashes: Sequence[bytes], vectors: Vectors
) -> None:
    """Keep the vectors, in rows, of the texts with these SHA-256. The first one stays.

    The commit is not waited for on disk: the transaction that says "indexed" comes later and flushes this one too.
    Nor does the transaction wait for long for a row that a frozen process holds: its connection is wanted.
    """
    with cursor(session) as cur:
        cur.execute(
            "WITH hurry AS MATERIALIZED ("
            "SELECT set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '2s', true)) "
            "INSERT INTO embedding_cache (model, dimension, input_type, text_hash, vector) "
            "SELECT %s, %s, %s, hash, substr(%b, ((row - 1) * %s + 1)::int, %s) "
            "FROM hurry, unnest(%s::bytea[]) WITH ORDINALITY AS new(hash, row) ON CONFLICT DO NOTHING",
            [
                model,
                dimension,
                input_type,
                vectors.astype("<f4", copy=False).tobytes(),
                dimension * 4,
                dimension * 4,
                byteas(hashes),
            ],
        )


def paid_since(session: Session, seconds: float) -> int:
    """Count the texts that were paid for in the last seconds."""
    count: int = session.execute(
        text("SELECT count(*) FROM embedding_cache WHERE created_at > clock_timestamp() - make_interval(secs => :s)"),
        {"s": seconds},
    ).scalar_one()
    return count
