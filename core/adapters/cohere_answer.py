"""Cohere's answer, checked: nothing of it leaves unless every text has a vector that can be true."""

from __future__ import annotations

import binascii
from typing import Any

import numpy as np
import pybase64

from core.adapters.cohere_errors import invalid
from core.ports import Embedded, Vectors


def checked(answer: Any, texts: int, dimension: int) -> Embedded:
    """Read the vectors of an answer; raise TryAgain unless each text has one, finite, not zero, of the right size."""
    trace = str(answer.id) if getattr(answer, "id", None) else None
    try:
        vectors = _vectors(answer.embeddings)
    except (AttributeError, TypeError, ValueError, binascii.Error) as error:
        raise invalid("no readable vectors", trace) from error
    if vectors.shape != (texts, dimension):
        raise invalid(f"{' x '.join(map(str, vectors.shape))} numbers instead of {texts} x {dimension}", trace)
    if not np.isfinite(vectors).all():
        raise invalid("a vector with NaN or infinity", trace)
    if not vectors.any(axis=1).all():
        raise invalid("a vector of zeros", trace)
    return Embedded(vectors, _tokens(answer))


def _vectors(embeddings: Any) -> Vectors:
    """Decode base64 (little-endian float32), or the floats of a server that knows no base64.

    By pybase64: 0.7 us for 1,024 numbers, against 13 us by the standard library.
    """
    if embeddings.base64 is None:
        return np.array(embeddings.float_, dtype="<f4")
    packed = [pybase64.b64decode(text, validate=True) for text in embeddings.base64]
    if len({len(row) for row in packed}) != 1:
        raise ValueError("vectors of several sizes")
    return np.frombuffer(b"".join(packed), dtype="<f4").reshape(len(packed), -1)


def _tokens(answer: Any) -> int:
    billed = getattr(answer.meta, "billed_units", None)
    return int(getattr(billed, "input_tokens", None) or 0)
