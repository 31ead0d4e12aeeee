"""Vectors for texts: deterministic, different for different texts, and nearly free to make.

A vector is twelve bytes of the text's own hash followed by a slice of one fixed random buffer. The buffer is kept
in base64 as well, so that an answer of 96 vectors is spliced in under a millisecond: the stand-in must not be what
a benchmark measures.
"""

from __future__ import annotations

import base64
import hashlib

import numpy as np
from numpy.typing import NDArray

HEAD = 12  # bytes; a multiple of three, so that base64 can be cut there
SLOTS = 1 << 18
LONGEST = 4096  # floats
_FLOATS = np.random.default_rng(96).standard_normal(SLOTS * 3 + LONGEST, dtype=np.float32) / np.float32(32)
_BYTES = _FLOATS.astype("<f4").tobytes()
_BASE64 = base64.b64encode(_BYTES[: len(_BYTES) // 3 * 3]).decode()


def digest_of(model: str, text: str) -> bytes:
    """Hash a text as a model sees it: another model gives other vectors."""
    return hashlib.sha256(f"{model}\0{text}".encode()).digest()


def packed(digest: bytes, dimension: int) -> bytes:
    """Give the vector of a digest as little-endian float32."""
    start = _slot(digest) * 12
    return _head(digest) + _BYTES[start : start + dimension * 4 - HEAD]


def base64_of(digest: bytes, dimension: int) -> str:
    """Give the same vector as Cohere's `base64` type writes it."""
    tail = dimension * 4 - HEAD
    whole, rest = divmod(tail, 3)
    start = _slot(digest) * 16
    end = _slot(digest) * 12 + whole * 3
    last = base64.b64encode(_BYTES[end : end + rest]).decode() if rest else ""
    return base64.b64encode(_head(digest)).decode() + _BASE64[start : start + whole * 4] + last


def vector_of(model: str, text: str, dimension: int) -> NDArray[np.float32]:
    """Give the vector that the stand-in answers for a text."""
    return np.frombuffer(packed(digest_of(model, text), dimension), dtype="<f4")


def _slot(digest: bytes) -> int:
    return int.from_bytes(digest[:4], "little") % SLOTS


def _head(digest: bytes) -> bytes:
    words = np.frombuffer(digest[4:16], dtype="<u4")
    return ((words >> 8).astype("<f4") / np.float32(1 << 27) - np.float32(0.0625)).tobytes()
