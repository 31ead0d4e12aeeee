"""The portal as a script uses it: launches, looks, cancels, retries, and what it was answered."""

from __future__ import annotations

import json
import random
import threading
import uuid
from http.client import HTTPConnection, HTTPException
from typing import Any

from tests.chaos.story import Story

SECONDS = 15
GOOD = {200, 202, 404, 409, 422, 503}  # 409, 422: nothing to cancel or retry; 503: a dependency is away, and says so


class Portal:
    """Thread-safe. `launched` are the jobs that were promised, `bad` the answers that nobody should get."""

    def __init__(self, port: int, token: str, story: Story, dice: random.Random) -> None:
        self._port, self._token, self._story, self._dice = port, token, story, dice
        self.launched: set[str] = set()
        self.bad: list[str] = []
        self._lock = threading.Lock()

    def sync(self, **body: Any) -> str | None:
        """Launch a sync; return its job, None when it was not promised."""
        return self._launch("/etl/sync", body)

    def act(self) -> str:
        """Do what an operator does in haste."""
        roll = self._dice.random()
        if roll < 0.3 or not self.launched:
            return f"a sync is launched: {self.sync()}"
        if roll < 0.65:
            most = self._dice.randrange(100, 900)
            return f"a sync of {most} is launched: {self.sync(limit=most)}"
        if roll < 0.75:
            ids = self._dice.sample(range(1, 4000), 60)
            return f"60 people are embedded: {self._launch('/etl/embeddings', {'candidate_ids': ids})}"
        if roll < 0.8:
            return f"300 are indexed again: {self.sync(force=True, limit=300)}"
        job = self._dice.choice(sorted(self.launched))
        if roll < 0.92:
            return f"{job} is cancelled: {self._ask('POST', f'/jobs/{job}/cancellations', {})[0]}"
        return f"{job} is retried: {self._launch(f'/jobs/{job}/retries', {})}"

    def job(self, job_id: str) -> dict[str, Any] | None:
        status, answer = self._ask("GET", f"/jobs/{job_id}")
        return answer if status == 200 else None

    def look(self) -> None:
        """Read what a script reads all the time."""
        self._ask("GET", "/jobs")
        self._ask("GET", "/failures")
        self._ask("GET", "/coverage")
        with self._lock:
            some = sorted(self.launched)[-2:]
        for job in some:
            self._ask("GET", f"/jobs/{job}")

    def _launch(self, path: str, body: dict[str, Any]) -> str | None:
        """Launch twice, as by a double click: what is promised twice must be one job."""
        key = uuid.uuid4().hex
        answers = [self._ask("POST", path, body, key) for _ in range(2)]
        jobs = {str(answer["job_id"]) for status, answer in answers if status in (200, 202)}
        if len(jobs) > 1:
            self._complain(f"POST {path} with one key gave the jobs {jobs}")
        with self._lock:
            self.launched |= jobs
        return next(iter(jobs), None)

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, key: str = ""
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        connection = HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)
        try:
            connection.request(method, f"/v1/admin{path}", json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, HTTPException) as error:
            self._complain(f"{method} {path} was not answered: {type(error).__name__}")
            return 0, {}
        finally:
            connection.close()
        if answer.status not in GOOD:
            self._complain(f"{method} {path} was answered {answer.status}: {said[:300]!r}")
        return answer.status, json.loads(said) if answer.status in (200, 202) else {}

    def _complain(self, sentence: str) -> None:
        self._story.tell(f"! {sentence}")
        with self._lock:
            self.bad.append(sentence)
