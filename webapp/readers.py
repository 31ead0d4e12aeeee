"""The people whose pages poll: read once a second for all of them, and believed in between.

Whoever is deactivated, gets another role or signs out loses the polls at once where this process did it, else within
a second; within three where PostgreSQL is slow to say so. Every request that is not a poll reads its person anew.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from flask_login import UserMixin

BELIEVED_SECONDS = 1.0
PATIENCE_SECONDS = 3.0  # while another request reads them
KEPT_SECONDS = 30.0  # after the last poll; pages ask every 15 s or more often

# Gives the people of those sessions that still stand: `{sid: person}` of `{sid: (person's id, epoch)}`.
Ask = Callable[[Mapping[str, tuple[int, int]]], Mapping[str, "SignedIn"]]


@dataclass(frozen=True, slots=True)
class SignedIn(UserMixin):  # type: ignore[misc]
    """The person behind a request."""

    id: int
    name: str
    role: str
    theme: str | None
    language: str | None


@dataclass(slots=True)
class Reader:
    """One session: who it is, and when that was read and last asked for."""

    person: SignedIn
    epoch: int
    read_at: float
    asked_at: float

    @property
    def age(self) -> float:
        """Give the seconds since it was read."""
        return time.monotonic() - self.read_at


class Readers:
    """The sessions that were seen a short while ago, by their ids."""

    def __init__(self) -> None:
        self._known: dict[str, Reader] = {}
        self._reading = threading.Lock()

    def remember(self, sid: str, person: SignedIn, epoch: int) -> SignedIn:
        """Believe what a request has just read."""
        now = time.monotonic()
        self._known[sid] = Reader(person, epoch, now, now)
        return person

    def believed(self, sid: str) -> SignedIn | None:
        """Give who it is, if this session was read so short ago that it need not be read again."""
        reader = self._known.get(sid)
        if reader is None:
            return None
        reader.asked_at = time.monotonic()
        return reader.person if reader.age <= BELIEVED_SECONDS else None

    def get(self, sid: str, ask: Ask) -> SignedIn | None:
        """Give who it is; where that was read too long ago, read everybody anew. None: ask for this one alone.

        Nobody waits while another reads: a PostgreSQL that hangs must not hold every poll.
        """
        if sid in self._known and self.believed(sid) is None and self._reading.acquire(blocking=False):
            try:
                self._renew(ask)
            finally:
                self._reading.release()
        reader = self._known.get(sid)
        return reader.person if reader and reader.age <= PATIENCE_SECONDS else None

    def forget(self, sids: Collection[str]) -> None:
        """Read these anew with their next request: something about them changed."""
        for sid in sids:
            self._known.pop(sid, None)

    def sessions_of(self, person_id: int) -> list[str]:
        return [sid for sid, reader in list(self._known.items()) if reader.person.id == person_id]

    def _renew(self, ask: Ask) -> None:
        now = time.monotonic()
        self.forget([sid for sid, reader in list(self._known.items()) if now - reader.asked_at > KEPT_SECONDS])
        known = dict(self._known)
        standing = ask({sid: (reader.person.id, reader.epoch) for sid, reader in known.items()})
        self.forget(known.keys() - standing.keys())
        for sid, person in standing.items():
            known[sid].person, known[sid].read_at = person, now
