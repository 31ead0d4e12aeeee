"""Passwords: hashed with argon2id, checked in the same time whether the name exists or not."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Invalid
from core.models import Person

LONGEST = 1024
SHORTEST = 8
HASHER = PasswordHasher()
# A hash takes 64 MB for its time: many logins at once must not take the machine.
TURNS = threading.BoundedSemaphore(2)


def nobodys(hasher: PasswordHasher) -> str:
    """Write the hash of no password, which costs as much to check as a real one; to make one delays every start."""
    salt, tail = (
        b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (hasher.salt_len, hasher.hash_len)
    )
    return f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${tail}"


DUMMY = nobodys(HASHER)  # what an unknown name is checked against


def hash_password(password: str) -> str:
    """Hash a password of 8 to 1,024 characters; raise Invalid for another length."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(
            "This password cannot be used.", {"password": f"A password has {SHORTEST} to {LONGEST:,} characters."}
        )
    with TURNS:
        return HASHER.hash(_normal(password))


def verify_password(session: Session, name: str, password: str) -> Person | None:
    """Return the active person of this name whose password this is; None for everybody else.

    A hash made with older parameters is replaced in the caller's transaction.
    """
    written = unicodedata.normalize("NFC", name.strip())
    known = None if "\0" in written else session.scalar(select(Person).where(Person.name == written))
    stored = known.password_hash if known else DUMMY
    if not _matches(stored, password) or known is None or not known.active:
        return None
    if HASHER.check_needs_rehash(stored):
        known.password_hash = hash_password(password)
    return known


def _matches(stored: str, password: str) -> bool:
    if len(password) > LONGEST:
        return False
    try:
        with TURNS:
            return HASHER.verify(stored, _normal(password))
    except (VerificationError, InvalidHashError):
        return False


def _normal(password: str) -> str:
    """Write the same letters in one way: keyboards differ in how they compose `é`."""
    return unicodedata.normalize("NFKC", password)
