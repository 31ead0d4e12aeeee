"""The ledger under any sequence of launches, claims, deaths, cancellations and zombies that chance can think of.

`LEDGER_EXAMPLES=500 pytest tests/core/jobs/test_ledger_machine.py` looks for longer, and elsewhere each time.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import failures
from core.errors import LeaseLost, Refused
from core.failures import Aside
from core.jobs import job_end, ledger, part_end
from core.jobs import split as splitting
from core.jobs.cancel import cancel
from core.jobs.launch import IdempotencyToken, launch
from core.jobs.pauses import pause, resume
from core.jobs.reconcile import reconcile
from core.jobs.retry import retry
from core.jobs.view import OVER
from core.kinds import KINDS
from core.kinds.etl_sync import Sync
from core.models import Job
from tests.conftest import CLEAR
from tests.core.jobs.conftest import ANA, House
from tests.core.jobs.test_figures import ours, running_totals
from tests.factories import people
from tests.ledger_figures import counted

EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "0"))
PEOPLE = 5
EXPIRE = "UPDATE parts SET lease_until = clock_timestamp() - interval '1 s' WHERE status = 'running'"
# In an order that chance has no part in, for the machine repeats itself.
PARTS = "SELECT job_id, n FROM parts JOIN jobs ON id = job_id ORDER BY parts.status = 'queued' DESC, created_at, n"
WHOLE = "SELECT id FROM jobs WHERE status = 'queued' AND split_at IS NULL ORDER BY created_at"
QUEUE = "jobs:etl"
LEASE = 3600.0  # seconds: none runs out but by our will
Act = Callable[[Session, Job, ledger.Ref], object]


@dataclass
class Grip:
    """A part as one holder has it in hand; a zombie's is worth nothing, and the zombie does not know."""

    ref: ledger.Ref
    ids: list[int]
    done: int
    skipped: int
    failed: int

    @property
    def place(self) -> tuple[uuid.UUID, int]:
        return self.ref.job_id, self.ref.n

    @property
    def cursor(self) -> int:
        return self.done + self.skipped + self.failed

    def progress(self) -> ledger.Progress:
        return ledger.Progress(self.cursor, self.done, self.skipped, self.failed, [])


class LedgerMachine(RuleBasedStateMachine):
    """Does to a real ledger what workers, people and faults do; knows who holds what and what must never change."""

    jobs = Bundle("jobs")
    grips = Bundle("grips")
    keys = st.sampled_from(["", "night", "morning"])

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house
        self.held: dict[tuple[uuid.UUID, int], uuid.UUID] = {}  # place -> token of who may write
        self.expired: set[tuple[uuid.UUID, int]] = set()
        self.by_key: dict[tuple[str, int | None], uuid.UUID] = {}
        self.over: dict[uuid.UUID, Any] = {}
        self.passed: dict[uuid.UUID, int] = {}
        self.bad: dict[int, bool] = {}  # record -> whether its last outcome was a failure
        self.look = house.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self.look.execute(text(CLEAR))
        with house.sessions.begin() as session:
            people(session, PEOPLE)
        house.redis.flushall()

    @initialize(target=jobs)
    def first(self) -> uuid.UUID:
        return self.house.launch().job_id

    @rule(target=jobs, limit=st.sampled_from([None, 1, 3]), key=keys)
    def launch(self, limit: int | None, key: str) -> uuid.UUID:
        """Equal launches give one job: of the same key for ever, of the same scope while it is not over."""
        with self.house.sessions() as session:
            token = IdempotencyToken("token:1", f"{key}-{limit}", "hash") if key else None
            launched = launch(session, self.house.redis, KINDS["etl.sync"], Sync(limit=limit), actor=ANA, key=token)
        if key:
            assert self.by_key.setdefault((key, limit), launched.job_id) == launched.job_id
        return launched.job_id

    @rule(target=grips, pick=st.integers(0, 9))
    def claim(self, pick: int) -> Any:
        """A worker takes a part that waits; what is held, closed or put off is refused."""
        for (job_id,) in self._rows(WHOLE):
            self.house.split(job_id)
        parts = self._rows(PARTS)
        return self._claim(*parts[pick % len(parts)]) if parts else multiple()

    def _claim(self, job_id: uuid.UUID, n: int) -> Any:
        part = self.house.claim(job_id, n, lease=LEASE)
        if part is None:
            return multiple()
        assert (job_id, n) not in self.held and part.token is not None
        self.held[job_id, n] = part.token
        return Grip(ledger.Ref(job_id, n, part.token), list(part.record_ids), part.done, part.skipped, part.failed)

    @rule(grip=grips, outcome=st.sampled_from(["done", "skipped", "failed"]), count=st.integers(1, 2))
    def commit(self, grip: Grip, outcome: str, count: int) -> None:
        ids = grip.ids[grip.cursor : grip.cursor + count]
        setattr(grip, outcome, getattr(grip, outcome) + len(ids))
        name = self.house.index.collection.name if self.house.index.collection else ""

        def write(session: Session, job: Job, ref: ledger.Ref) -> None:
            ledger.advance(session, job, ref, grip.progress(), lease=LEASE)
            if outcome == "failed":
                asides = [Aside(record, "embed", "text_refused", "refused") for record in ids]
                failures.set_aside(session, "candidate", name, ref.job_id, ref.n, asides)
            else:
                failures.resolve(session, "candidate", name, ref.job_id, ids)

        if self._write(grip, write):
            self.bad |= dict.fromkeys(ids, outcome == "failed")
            self.expired.discard(grip.place)

    @rule(grip=grips)
    def renew(self, grip: Grip) -> None:
        def write(session: Session, job: Job, ref: ledger.Ref) -> None:
            ledger.renew(session, ref, lease=LEASE)

        if self._write(grip, write):
            self.expired.discard(grip.place)

    @rule(grip=consumes(grips))
    def end(self, grip: Grip) -> None:
        """End as a worker does: finished when all is done, else as the job's state commands, else handed back."""
        (job,) = self._all("SELECT * FROM jobs WHERE id = :id", id=grip.ref.job_id)
        act: Act = part_end.hand_back
        if grip.cursor == len(grip.ids):
            act = part_end.finish
        elif job["status"] == "cancelling":
            act = part_end.cancel
        elif job["error_code"]:
            act = _fail
        self._let_go(grip, act)

    @rule(grip=consumes(grips), act=st.sampled_from(["fail", "wait", "stop"]))
    def trouble(self, grip: Grip, act: str) -> None:
        self._let_go(grip, {"fail": _fail, "wait": _wait, "stop": _stop}[act])

    @rule(target=grips, grip=grips, noticed=st.booleans())
    def fall_silent(self, grip: Grip, noticed: bool) -> Any:
        """The holder's lease runs out; another takes the part when it is noticed. The first may well speak again."""
        if self.held.get(grip.place) != grip.ref.token:
            return multiple()
        self._execute(f"{EXPIRE} AND token = :token", token=grip.ref.token)
        self.expired.add(grip.place)
        if not noticed:
            return multiple()
        self.reconcile(wiped=False)
        return self._claim(*grip.place)

    @rule(wiped=st.booleans())
    def reconcile(self, wiped: bool) -> None:
        """Time has passed, Redis has perhaps forgotten everything, and the leader looks after all."""
        if wiped:
            self.house.redis.flushall()
        self._execute("UPDATE parts SET not_before = clock_timestamp() WHERE not_before IS NOT NULL")
        self._execute("UPDATE jobs SET rung_at = rung_at - interval '1 min'")
        with self.house.sessions() as session:
            reconcile(session, self.house.redis)
        for place in self.expired:
            del self.held[place]
        self.expired.clear()
        assert self._all("SELECT 1 FROM parts WHERE status = 'running' AND lease_until < clock_timestamp()") == []

    @rule()
    def pause(self) -> None:
        with self.house.sessions() as session, suppress(Refused):
            pause(session, self.house.redis, QUEUE, actor=ANA, reason="stocktaking")

    @rule()
    def resume(self) -> None:
        with self.house.sessions() as session, suppress(Refused):
            resume(session, self.house.redis, QUEUE, actor=ANA)

    @rule(job=jobs)
    def cancel(self, job: uuid.UUID) -> None:
        with self.house.sessions() as session, suppress(Refused):
            cancel(session, self.house.redis, job, actor=ANA)

    @rule(target=jobs, job=jobs)
    def retry(self, job: uuid.UUID) -> Any:
        with self.house.sessions() as session:
            try:
                first = retry(session, self.house.redis, KINDS, job, actor=ANA)
            except Refused:
                return multiple()
            again = retry(session, self.house.redis, KINDS, job, actor=ANA)
        assert (again.job_id, again.new) == (first.job_id, False)
        return first.job_id

    @invariant()
    def only_who_holds_a_part_is_written_down_as_its_holder(self) -> None:
        rows = self._all("SELECT job_id, n, token FROM parts WHERE status = 'running' OR token IS NOT NULL")
        assert {(row["job_id"], row["n"]): row["token"] for row in rows} == self.held

    @invariant()
    def an_end_is_the_end(self) -> None:
        for row in self._all("SELECT * FROM jobs"):
            assert row["created_at"] <= (row["started_at"] or row["created_at"])
            assert (row["status"] in OVER) == (row["finished_at"] is not None)
            if row["finished_at"]:
                assert row["finished_at"] >= (row["started_at"] or row["created_at"])
                fixed = {name: row[name] for name in ("status", "done", "skipped", "failed", "finished_at")}
                assert self.over.setdefault(row["id"], fixed) == fixed

    @invariant()
    def counters_are_those_of_the_parts_and_never_fall(self) -> None:
        for row in self._all(
            "SELECT j.*, p.* FROM jobs j LEFT JOIN (SELECT job_id, sum(done) AS d, sum(skipped) AS s, sum(failed) AS f,"
            " sum(total) AS t, count(*) FILTER (WHERE status IN ('queued', 'running', 'waiting')) AS open"
            " FROM parts GROUP BY job_id) AS p ON p.job_id = j.id WHERE j.split_at IS NOT NULL"
        ):
            assert (row["done"], row["skipped"], row["failed"]) == (row["d"] or 0, row["s"] or 0, row["f"] or 0)
            passed = row["done"] + row["skipped"] + row["failed"]
            assert self.passed.get(row["id"], 0) <= passed <= row["total"] == (row["t"] or 0)
            self.passed[row["id"]] = passed
            assert bool(row["open"]) == (row["status"] not in OVER)
            assert row["status"] in ("cancelled", "cancelling") or row["open"] or passed == row["total"]

    @invariant()
    def a_job_waits_exactly_while_nothing_of_it_may_go_on(self) -> None:
        paused = bool(self._all("SELECT 1 FROM queue_pauses"))
        for row in self._all(
            "SELECT status, message, split_at, (SELECT coalesce(array_agg(p.status), '{}') FROM parts p"
            " WHERE p.job_id = id) AS parts FROM jobs WHERE status IN ('queued', 'running', 'waiting')"
        ):
            free = row["split_at"] is None or "queued" in row["parts"]
            at_work = "running" in row["parts"]
            assert (row["status"] == "waiting") == (not at_work and (paused or not free))
            assert ("is paused by ana" in row["message"]) == (paused and free and not at_work)

    @invariant()
    def each_failure_is_in_the_dead_letters_once(self) -> None:
        found = [row["record_id"] for row in self._all("SELECT record_id FROM failures WHERE status = 'open'")]
        assert sorted(n for n in found if n is not None) == sorted(n for n, is_bad in self.bad.items() if is_bad)
        poison = "SELECT job_id, n FROM parts WHERE error_code = 'part_kills_worker'"
        aside = "SELECT job_id, part FROM failures WHERE cause = 'part_kills_worker'"
        assert sorted(map(tuple, self._rows(poison))) == sorted(map(tuple, self._rows(aside)))

    @invariant()
    def of_a_scope_one_job_is_open(self) -> None:
        open_ = "status IN ('queued', 'running', 'waiting')"
        assert self._all(f"SELECT scope FROM jobs WHERE {open_} GROUP BY scope HAVING count(*) > 1") == []

    def teardown(self) -> None:
        """Whatever happened: workers that go on bring every job to its end, and the running totals agree."""
        self.resume()
        with self.look:
            self._execute(EXPIRE)
            self.expired = set(self.held)
            while left := self._rows("SELECT id FROM jobs WHERE finished_at IS NULL ORDER BY created_at"):
                self.reconcile(wiped=False)
                for (job_id,) in left:
                    self.house.split(job_id)
                    self._work_off(job_id)
        assert ours(running_totals(self.house)) == pytest.approx(counted(self.house.settings.database_url))

    def _work_off(self, job_id: uuid.UUID) -> None:
        for n in range(len(self._rows("SELECT n FROM parts WHERE job_id = :id", id=job_id))):
            grip = self._claim(job_id, n)
            if isinstance(grip, Grip):
                self.commit(grip, "done", len(grip.ids) - grip.cursor)
                self.end(grip)

    def _let_go(self, grip: Grip, act: Act) -> None:
        if self._write(grip, act):
            del self.held[grip.place]
            self.expired.discard(grip.place)

    def _write(self, grip: Grip, act: Act) -> bool:
        """Act as the holder of a part; a zombie's act must be refused, anybody else's must not."""
        valid = self.held.get(grip.place) == grip.ref.token
        try:
            with self.house.sessions.begin() as session:
                act(session, ledger.lock(session, grip.ref.job_id), grip.ref)
        except LeaseLost:
            assert not valid
            return False
        assert valid, "a write with an old token was taken"
        return True

    def _all(self, query: str, **values: object) -> list[Any]:
        return list(self.look.execute(text(query), values).mappings())

    def _rows(self, query: str, **values: object) -> list[Any]:
        return list(self.look.execute(text(query), values))

    def _execute(self, statement: str, **values: object) -> None:
        self.look.execute(text(statement), values)


def _fail(session: Session, job: Job, ref: ledger.Ref) -> None:
    part_end.fail(session, job, ref, code="cohere_unwell", detail="Gave up after 6 tries.")


def _wait(session: Session, job: Job, ref: ledger.Ref) -> None:
    part_end.wait(session, job, ref, seconds=600, message="Cohere rests", counts=True)


def _stop(session: Session, job: Job, ref: ledger.Ref) -> None:
    job_end.stop(session, job, code="cohere_key_refused", detail="Set COHERE_API_KEY.")
    _fail(session, job, ref)


def test_the_ledger_keeps_its_promises_whatever_happens(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "LEAST_SIZE", 2)
    house.embedder.batch = 2
    run_state_machine_as_test(
        lambda: LedgerMachine(house),
        settings=settings(
            max_examples=EXAMPLES or 15,
            stateful_step_count=30,
            derandomize=not EXAMPLES,
            phases=[Phase.generate, *([Phase.shrink] if EXAMPLES else [])],  # to shrink takes minutes
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
