"""The supervisor: starts programs, starts them again when they die, stops them in order."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

from core.stack.children import Child, Program
from core.stack.guard import Guard
from core.stack.rotation import rotate

LOOK_SECONDS = 0.1
ROTATE_SECONDS = 10.0
FIRST_PAUSE = 0.5  # seconds before a dead child is started again; doubled each time up to MOST_PAUSE
MOST_PAUSE = 30.0
WELL_SECONDS = 30.0  # a child that lived so long has recovered


@dataclass(slots=True)
class _Watched:
    child: Child
    since: float  # when it was started last
    pause: float  # before its next start
    again_at: float | None = None  # when a dead one is due to start


class Supervisor:
    """Keeps programs alive until it is told to stop. For the main thread only.

    `tell` gets a sentence whenever a child dies; `changed` is called after one was started again.
    """

    def __init__(self, guard: Guard, tell: Callable[[str], None], changed: Callable[[], None] = lambda: None) -> None:
        self._guard = guard
        self._tell = tell
        self.changed = changed
        self._watched: dict[str, _Watched] = {}
        self._unready: list[Child] = []
        self._rotated = time.monotonic()
        self.own_pid = os.getpid()

    def pid(self, name: str) -> int | None:
        """Return the process id of a program that it keeps; None when it keeps none of this name."""
        watched = self._watched.get(name)
        return watched.child.pid if watched else None

    def start(self, programs: Iterable[Program]) -> None:
        """Start programs side by side; `wait_ready` waits for them."""
        for program in programs:
            watched = _Watched(Child(program), time.monotonic(), FIRST_PAUSE)
            self._watched[program.name] = watched
            self._unready.append(watched.child)
            watched.child.start()
            self._brief_the_guard()

    def wait_ready(self, ready: Callable[[str], None] = lambda name: None) -> None:
        """Wait until all that were started serve, calling `ready` with the name of each; raises StartFailed."""
        for child in self._unready:
            child.wait_ready()
            ready(child.program.name)
        for child in self._unready:
            child.wait_ready()  # one that was ready early may have died since
        self._unready.clear()

    def look(self) -> None:
        """Start again what has died, once its pause is over."""
        for watched in self._watched.values():
            if watched.again_at is None and not watched.child.alive:
                self._mourn(watched)
            elif watched.again_at is not None and time.monotonic() >= watched.again_at:
                watched.again_at = None
                watched.since = time.monotonic()
                watched.child.start()
                self._brief_the_guard()
                self.changed()
        if time.monotonic() - self._rotated > ROTATE_SECONDS:
            self._rotated = time.monotonic()
            for watched in self._watched.values():
                if watched.child.program.log is not None:
                    rotate(watched.child.program.log)

    def watch(self) -> None:
        """Look after the children until a signal raises."""
        while True:
            self.look()
            time.sleep(LOOK_SECONDS)

    def stop(self) -> None:
        """Stop everything, rank by rank; each rank is asked together."""
        by_rank = sorted(self._watched.values(), key=lambda watched: -watched.child.program.rank)
        for _, group in groupby(by_rank, key=lambda watched: watched.child.program.rank):
            children = [watched.child for watched in group]
            deadline = time.monotonic() + max(child.program.grace for child in children)
            for child in children:
                child.ask_to_stop()
            for child in children:
                child.wait_stopped(max(0.0, deadline - time.monotonic()))
        self._watched.clear()
        self._guard.watch({})

    def _mourn(self, watched: _Watched) -> None:
        lived = time.monotonic() - watched.since
        watched.pause = FIRST_PAUSE if lived > WELL_SECONDS else min(MOST_PAUSE, watched.pause * 2)
        watched.again_at = time.monotonic() + watched.pause
        program = watched.child.program
        how = _how(watched.child.returncode)
        where = f" ({program.log})" if program.log else ""
        self._tell(f"{program.name} {how}; starting it again in {watched.pause:g} s{where}")

    def _brief_the_guard(self) -> None:
        children = [watched.child for watched in self._watched.values()]
        self._guard.watch({child.pid: child.program.orphaned for child in children if child.alive})


def _how(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"ended with code {returncode}"
