"""A secret for one look: from the POST that made it to the page that shows it.

Half of it waits in Redis and half in the reader's cookie. Neither half tells anything, and the first look takes both.
"""

from __future__ import annotations

import secrets

from flask import session

from webapp.extensions import redis

SECONDS = 300


def keep(subject: str, secret: str) -> None:
    """Keep a secret for the next look of this session at a subject; raise RedisError, and then nothing is kept."""
    raw = secret.encode()
    pad, name = secrets.token_bytes(len(raw)), secrets.token_hex(12)
    redis.set(_key(name), _mixed(raw, pad), ex=SECONDS)
    session["once"] = {"subject": subject, "name": name, "pad": pad.hex()}


def take(subject: str) -> str | None:
    """Give the secret of a subject, once."""
    kept = session.get("once")
    if not kept or kept["subject"] != subject:
        return None
    sealed = redis.getdel(_key(kept["name"]))
    session.pop("once")
    return _mixed(sealed, bytes.fromhex(kept["pad"])).decode() if isinstance(sealed, bytes) else None


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _key(name: str) -> str:
    return f"portal:once:{name}"
