"""What Cohere's stand-in billed, and how much of it may be billed twice."""

from __future__ import annotations

import hashlib
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from core.adapters.cohere_embedder import HARMLESS
from core.adapters.redis_limiter import KEEP_TRYING_SECONDS
from tests.standins.cohere_script import Call

BATCH = 96
# What is asked each time that a text is refused, to learn whether all are.
QUESTION = hashlib.sha256(HARMLESS.encode()).hexdigest()
UNSEEN = {"cut_body", "wrong_dimension", "missing_vector", "nan", "zeros", "empty_object", "html", "slow"}
# A call may be on its way already when the wish to be left alone is answered, on a busy machine.
ON_ITS_WAY_SECONDS = 0.5
KEEP_SECONDS = 1.5  # from an answer until its vectors are kept, at most, on a busy machine
IN_LINE_SECONDS = 8.0  # from a claim until its call, at most: a call stands in line for 5 s
TOLD_SECONDS = 1.0  # from the return of PostgreSQL until it is told of a wish, at most


@dataclass
class Outage:
    """Of PostgreSQL, by the clock of the bill."""

    since: float
    until: float = math.inf


@dataclass
class Bill:
    """`concurrency` calls are in flight in one worker at most: so many may be lost with it."""

    concurrency: int
    calls: list[Call] = field(default_factory=list)
    patience: float = 3.0  # seconds that a worker waits for an answer
    crashes: int = 0
    _thaws: list[float] = field(default_factory=list)
    _deaths: list[float] = field(default_factory=list)
    _crashes: list[tuple[float, float]] = field(default_factory=list)  # since when and until when calls may be lost
    _wipes: list[tuple[float, float]] = field(default_factory=list)  # and claims
    _outages: list[Outage] = field(default_factory=list)
    clock: Callable[[], float] = time.monotonic

    def allow_crash(self, workers: int, *, before: float = 0.0, lasts: float = 0.0) -> None:
        """Note that workers lose what they have in flight, from so many seconds `before` until it is over."""
        self.crashes += int(workers)
        if workers:
            self._crashes.append((self.clock() - before, self.clock() + lasts))

    def died(self, workers: int) -> None:
        """Note that workers died or froze: what they were about to hear from Cohere, they can tell nobody."""
        self.allow_crash(workers)
        if workers:
            self._deaths.append(self.clock())

    def allow_wipe(self, *, lasts: float = 0.0) -> None:
        """Note that claims are lost: two may pay for one text that both had claimed."""
        self.crashes += 1
        self._wipes.append((self.clock(), self.clock() + lasts))

    def database_went(self) -> Callable[[], None]:
        """Note that PostgreSQL is away: Redis alone knows of a wish, and who was told of it; call when it is back."""
        outage = Outage(self.clock())
        self._outages.append(outage)

        def is_back() -> None:
            outage.until = self.clock()

        return is_back

    def thawed(self) -> None:
        """Note that frozen calls may go out now, whatever was wished meanwhile."""
        self._thaws.append(self.clock())

    @property
    def allowed_twice(self) -> int:
        """Texts: the calls in flight for each crash, one batch for each answer that was of no use."""
        unseen = sum(call.texts for call in self.calls if call.fault is not None and call.fault.kind in UNSEEN)
        return self.crashes * self.concurrency * BATCH + unseen

    @property
    def inputs(self) -> int:
        return sum(call.texts for call in self._paid)

    @property
    def inputs_of_records(self) -> int:
        """Texts that were billed, but for the harmless one."""
        return sum(call.texts for call in self._paid if call.hashes != [QUESTION])

    @property
    def paid_twice(self) -> int:
        times = Counter((call.model, digest) for call in self._paid for digest in call.hashes)
        return sum(count - 1 for count in times.values())

    @property
    def paid_for_no_reason(self) -> int:
        """Texts that were paid for again though the payment before went well for all that happened then."""
        last: dict[tuple[str, str], Call] = {}
        count = 0
        for call in sorted(self._paid, key=lambda call: call.at):
            for digest in call.hashes:
                before = last.get((call.model, digest))
                count += before is not None and digest != QUESTION and not self._explained(before, call)
                last[call.model, digest] = call
        return count

    @property
    def most_in_a_minute(self) -> int:
        """Texts in any sliding 60 s, as the provider bills them."""
        return max((self._inputs_since(call.at) for call in self._paid), default=0)

    def too_early(self) -> Iterator[tuple[Call, Call]]:
        """Yield calls that came before a wished pause was over, each after the call that was answered with the wish."""
        for wish in self.calls:
            if wish.fault is None or wish.fault.retry_after is None or wish.status != 429 or self._unheard(wish):
                continue
            told, until = self._told_by(wish), wish.ended + float(wish.fault.retry_after)
            for call in self.calls:
                if told < call.at < until - 0.01 and not self._was_frozen(call):
                    yield wish, call

    def _explained(self, first: Call, again: Call) -> bool:
        """Say whether the first call was lost, or the second could not know of it."""
        kept = first.ended + KEEP_SECONDS
        return (
            (first.fault is not None and first.fault.kind in UNSEEN)
            or self._given_up(first)
            or any(since <= kept and first.at <= until for since, until in self._crashes)
            or any(since <= kept and again.at < until + IN_LINE_SECONDS for since, until in self._wipes)
            or self._was_frozen(again)
        )

    def _unheard(self, wish: Call) -> bool:
        """Say whether who was asked had given up the call, or may have died before the others knew of the wish."""
        told = self._told_by(wish)
        return self._given_up(wish) or any(wish.at <= death < told for death in self._deaths)

    def _told_by(self, wish: Call) -> float:
        """Say when all know of a wish; where Redis forgot it while PostgreSQL was away, as soon as that was told."""
        told = wish.ended + ON_ITS_WAY_SECONDS
        for outage in self._outages:
            over = outage.until + TOLD_SECONDS
            met = outage.since - ON_ITS_WAY_SECONDS < wish.ended < outage.until
            if met and any(since < over and wish.ended < until for since, until in self._wipes):
                told = max(told, over if outage.until - wish.ended < KEEP_TRYING_SECONDS else math.inf)
        return told

    def _given_up(self, call: Call) -> bool:
        """Say whether a worker may not have waited for the answer."""
        return call.ended - call.at > self.patience / 2

    @property
    def _paid(self) -> Sequence[Call]:
        return [call for call in self.calls if call.status == 200]

    def _inputs_since(self, moment: float) -> int:
        return sum(call.texts for call in self._paid if moment <= call.at < moment + 60)

    def _was_frozen(self, call: Call) -> bool:
        return any(0 <= call.at - thaw < ON_ITS_WAY_SECONDS for thaw in self._thaws)
