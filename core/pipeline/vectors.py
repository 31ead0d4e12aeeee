"""Texts to vectors, each paid for once: kept ones are used, equal ones shared, refused ones found by halving."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session, sessionmaker

from core import budget, embedding_cache, spend
from core.embedding_cache import Vector
from core.errors import BadBatch, TryAgain
from core.ports import Claims, Embedded, Embedder, Work
from core.stubborn import stubborn

# A text that somebody else is paying for is looked for this often, and at most so long.
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 60.0
KEEP_SECONDS = 10.0  # a database that restarts costs no vectors that were paid for


@dataclass(slots=True)
class Answer:
    """The vectors by the hash of their text, and the refusals by hash."""

    vectors: dict[bytes, Vector] = field(default_factory=dict)
    refused: dict[bytes, BadBatch] = field(default_factory=dict)

    def settled(self, key: bytes) -> bool:
        return key in self.vectors or key in self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectorizer:
    """Gives vectors for texts. Thread-safe; at most `embedder.concurrency` calls are in flight."""

    embedder: Embedder
    claims: Claims
    sessions: sessionmaker[Session]
    job_id: uuid.UUID  # who pays
    owner: str
    work: Work
    calling: threading.Semaphore
    _busy: set[bytes] = field(default_factory=set)  # what threads of this process are paying for now
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def vectors(self, texts: Mapping[bytes, str]) -> Answer:
        """Return a vector or a refusal for each text. Raises TryAgain and GiveUp as the embedder does."""
        answer = Answer()
        deadline = time.monotonic() + PATIENCE_SECONDS
        missing = list(texts)
        while missing:
            mine = self._claim(missing)
            try:
                self._fill(answer, mine, texts)
            finally:
                self._release(mine)
            missing = [key for key in missing if not answer.settled(key)]
            if missing:  # somebody else is paying for these now
                self._look(answer, missing, deadline)
                missing = [key for key in missing if not answer.settled(key)]
        return answer

    def _claim(self, keys: Sequence[bytes]) -> list[bytes]:
        """Take the texts that nobody else is paying for, here or in another process."""
        with self._lock:
            free = [key for key in keys if key not in self._busy]
            self._busy.update(free)
        if not self.embedder.priced or not free:
            return free
        try:
            taken = self.claims.take(free, self.owner)
        except BaseException:
            self._forget(free)
            raise
        self._forget([key for key in free if key not in taken])
        return [key for key in free if key in taken]

    def _release(self, keys: Sequence[bytes]) -> None:
        if keys and self.embedder.priced:
            self.claims.release(keys, self.owner)
        self._forget(keys)

    def _forget(self, keys: Sequence[bytes]) -> None:
        with self._lock:
            self._busy.difference_update(keys)

    def _fill(self, answer: Answer, keys: Sequence[bytes], texts: Mapping[bytes, str]) -> None:
        """Use what was kept, pay for the rest, and keep it before anything else is done with it."""
        if not keys:
            return
        self._find(answer, keys)
        wanted = [key for key in keys if not answer.settled(key)]
        for start in range(0, len(wanted), self.embedder.batch):
            self._pay(answer, wanted[start : start + self.embedder.batch], texts)

    def _pay(self, answer: Answer, keys: Sequence[bytes], texts: Mapping[bytes, str]) -> None:
        """Embed one batch; where the provider refuses it, halve it until the bad text is alone."""
        try:
            embedded = self._call(keys, texts)
        except BadBatch as refusal:
            if len(keys) == 1:
                answer.refused[keys[0]] = refusal
                return
            middle = len(keys) // 2
            self._pay(answer, keys[:middle], texts)
            self._pay(answer, keys[middle:], texts)
            return
        if not self.embedder.priced:
            self._keep(keys, embedded)
        answer.vectors.update(zip(keys, embedded.vectors, strict=True))

    def _call(self, keys: Sequence[bytes], texts: Mapping[bytes, str]) -> Embedded:
        """Make one call. A paid one is in flight until it is booked: the next asks the budget only then."""
        with self.calling:
            self.work.check()
            if self.embedder.priced:
                budget.require(self.sessions)
            embedded = self.embedder.embed([texts[key] for key in keys], work=self.work)
            if self.embedder.priced:
                self._keep(keys, embedded)
            return embedded

    def _keep(self, keys: Sequence[bytes], embedded: Embedded) -> None:
        """Keep the vectors with their bill, also when the database is away for a moment."""
        call = uuid.uuid4()  # nobody may know whether the last commit went through
        stubborn(lambda: self._write(call, keys, embedded), seconds=KEEP_SECONDS)

    def _write(self, call: uuid.UUID, keys: Sequence[bytes], embedded: Embedded) -> None:
        place = (self.embedder.model, self.embedder.dimension, "document")
        with self.sessions.begin() as session:
            embedding_cache.keep(session, *place, keys, embedded.vectors)
            spend.book(session, call, self.job_id, self.embedder.model, inputs=len(keys), tokens=embedded.tokens)

    def _find(self, answer: Answer, keys: Sequence[bytes]) -> None:
        with self.sessions() as session:
            answer.vectors.update(
                embedding_cache.find(session, self.embedder.model, self.embedder.dimension, "document", keys)
            )

    def _look(self, answer: Answer, keys: Sequence[bytes], deadline: float) -> None:
        self.work.check()
        self._find(answer, keys)
        if any(not answer.settled(key) for key in keys):
            if time.monotonic() > deadline:
                raise TryAgain("another worker has been paying for the same text for too long", code="claim_stuck")
            time.sleep(LOOK_SECONDS)
