"""Vectors that were paid for, by text. Written before a vector is indexed, so that no crash pays twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.db import cursor

Vector = NDArray[np.float32]  # shape (dimension,)


def find(session: Session, model: str, dimension: int, input_type: str, hashes: Sequence[bytes]) -> dict[bytes, Vector]:
    """Return the vectors that are there, by the SHA-256 of their text."""
    with cursor(session) as cur:
        cur.execute(
            "SELECT text_hash, vector FROM embedding_cache "
            "WHERE text_hash = ANY(%b::bytea[]) AND model = %s AND dimension = %s AND input_type = %s",
            [list(hashes), model, dimension, input_type],
        )
        return {row[0]: np.frombuffer(row[1], dtype="<f4") for row in cur}


def keep(session: Session, model: str, dimension: int, input_type: str, vectors: Mapping[bytes, Vector]) -> None:
    """Keep vectors by the SHA-256 of their text. The first one stays.

    The commit is not waited for on disk: the transaction that says "indexed" comes later and flushes this one too.
    """
    if not vectors:
        return
    session.execute(text("SET LOCAL synchronous_commit = off"))
    with cursor(session) as cur:
        cur.execute(
            "INSERT INTO embedding_cache (model, dimension, input_type, text_hash, vector) "
            "SELECT %s, %s, %s, new.* FROM unnest(%b::bytea[], %b::bytea[]) AS new ON CONFLICT DO NOTHING",
            [model, dimension, input_type, list(vectors), [vector.tobytes() for vector in vectors.values()]],
        )


def paid_since(session: Session, seconds: float) -> int:
    """Count the texts that were paid for in the last seconds."""
    count: int = session.execute(
        text("SELECT count(*) FROM embedding_cache WHERE created_at > clock_timestamp() - make_interval(secs => :s)"),
        {"s": seconds},
    ).scalar_one()
    return count
