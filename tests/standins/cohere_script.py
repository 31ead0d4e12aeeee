"""What the Cohere stand-in was told to do, and what it was asked: faults and calls."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

FaultKind = Literal[
    "status", "cut_body", "drop", "wrong_dimension", "missing_vector", "nan", "zeros", "empty_object", "html", "slow",
    "no_base64",
]  # fmt: skip

MOST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to answer badly. `status` and `retry_after` go with the kind `status`, `seconds` with `slow`."""

    kind: FaultKind = "status"
    status: int = 500
    retry_after: str | None = None
    seconds: float = 0.0
    message: str = "scripted by the test"


@dataclass(slots=True)
class Call:
    """One request as the provider saw it; times by `time.monotonic()` of the stand-in's process."""

    at: float
    texts: int
    hashes: list[str]  # SHA-256 of each text, in hex
    model: str
    input_type: str
    priority: int | None
    dimension: int | None
    types: list[str]
    status: int = 0
    ended: float = 0.0
    number: int = 0  # from 1, in the order of arrival
    fault: Fault | None = None  # how it was answered, if badly


@dataclass
class Script:
    """Thread-safe. A call is answered by the first fault that applies to it, else well."""

    latency: float = 0.0  # seconds, for each call by itself
    inputs_per_minute: int = 0  # above it in any sliding 60 s: 429; 0 = no limit
    markers: list[str] = field(default_factory=list)
    refused_keys: set[str] = field(default_factory=set)
    faults: deque[Fault] = field(default_factory=deque)
    standing: Fault | None = None
    calls: list[Call] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    _held_from: float = math.inf
    _going_on: threading.Event = field(default_factory=threading.Event)

    def pause(self, *, after: int) -> None:
        """Answer so many calls more, and let later ones wait until `go_on`: a test can act in mid-job for certain."""
        with self.lock:
            self._going_on.clear()
            self._held_from = len(self.calls) + after

    def go_on(self) -> None:
        self._held_from = math.inf
        self._going_on.set()

    def wait_while_paused(self, call: Call) -> None:
        if call.number > self._held_from:
            self._going_on.wait(MOST_PAUSE_SECONDS)

    def fail(self, fault: Fault, times: int | None = 1) -> None:
        """Answer the next `times` calls by this fault; None: every call until `heal`."""
        with self.lock:
            if times is None:
                self.standing = fault
            else:
                self.faults.extend([fault] * times)

    def heal(self) -> None:
        """Forget every fault, refused text and refused key."""
        with self.lock:
            self.faults.clear()
            self.standing = None
            self.markers.clear()
            self.refused_keys.clear()

    def forget_calls(self) -> None:
        with self.lock:
            self.calls.clear()
            self.most_in_flight = self.in_flight

    def begin(self, call: Call) -> Fault | None:
        """Note a call, and say which fault answers it."""
        with self.lock:
            self.calls.append(call)
            call.number = len(self.calls)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            call.fault = self.faults.popleft() if self.faults else self.standing or self._over_the_limit(call)
            return call.fault

    def end(self, call: Call, status: int) -> None:
        with self.lock:
            call.status, call.ended = status, time.monotonic()
            self.in_flight -= 1

    def report(self) -> dict[str, Any]:
        """Everything asked so far, as JSON can carry it."""
        with self.lock:
            return {
                "calls": [asdict(call) for call in self.calls],
                "texts": sum(call.texts for call in self.calls),
                "most_in_flight": self.most_in_flight,
                "in_flight": self.in_flight,
            }

    def texts_billed(self) -> list[str]:
        """Give the hash of every text that was answered well, once for each time."""
        with self.lock:
            return [digest for call in self.calls if call.status == 200 for digest in call.hashes]

    def _over_the_limit(self, call: Call) -> Fault | None:
        if not self.inputs_per_minute:
            return None
        used = 0
        for earlier in reversed(self.calls):
            if earlier.at <= call.at - 60:
                break
            used += earlier.texts if earlier.status != 429 else 0
        if used <= self.inputs_per_minute:
            return None
        return Fault(status=429, message=f"{used} inputs in a minute is above {self.inputs_per_minute}")
