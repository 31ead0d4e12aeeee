"""Who looks at the jobs all the time: what is over stays so, and nothing falls."""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import suppress

import psycopg

from core.jobs.view import OVER
from tests.chaos.portal import Portal

LOOK_SECONDS = 0.5
JOBS = "SELECT id, status, coalesce(total, 0), done, done + skipped + failed FROM jobs"


class Witness:
    """A thread that looks while the run goes on; `seen` are the things that must not be."""

    def __init__(self, url: str, portal: Portal) -> None:
        self.seen: list[str] = []
        self._url, self._portal = url, portal
        self._known: dict[uuid.UUID, tuple[str, int, int]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="witness", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            with suppress(psycopg.Error):  # it is away: that is part of it
                self._look()
            self._portal.look()

    def _look(self) -> None:
        with psycopg.connect(self._url, connect_timeout=2) as connection:
            rows = connection.execute(JOBS).fetchall()
        for job_id, status, total, done, passed in rows:
            was, was_done, was_passed = self._known.get(job_id, ("queued", 0, 0))
            self._known[job_id] = status, done, passed
            if was in OVER and (status, done, passed) != (was, was_done, was_passed):
                self._say(f"{job_id} was {was} with {was_passed}, and is {status} with {passed}")
            if done < was_done or passed < was_passed:
                self._say(f"{job_id} fell from {was_done} of {was_passed} to {done} of {passed}")
            if passed > total:
                self._say(f"{job_id} counts {passed} of {total}")

    def _say(self, sentence: str) -> None:
        self.seen.append(f"{time.strftime('%H:%M:%S')} {sentence}")
