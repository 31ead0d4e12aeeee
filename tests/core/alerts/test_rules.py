"""Each rule says what is wrong when it is wrong, and nothing when it is not."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from redis import Redis
from rq import Worker
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus
from sqlalchemy import Interval, cast, func, select, update

from core import spend
from core.adapters.redis_gate import gate_of
from core.alerts import engines, failures, jobs, provider, queues, search, workers
from core.alerts.rule import Condition, Scene
from core.alerts.rules import RULES
from core.errors import GiveUp
from core.holds import Refusals
from core.jobs import ledger, part_end
from core.jobs.recover import recover
from core.jobs.standstill import ring_next
from core.models import Job, JobEvent, SearchCheck
from core.models.money import NOBODY
from core.settings import Settings
from tests.core.jobs.conftest import House
from tests.factories import people
from tests.webapp.factories import make_failure


def subjects(found: Iterable[Condition]) -> list[str]:
    return [condition.subject for condition in found]


def prepared(house: House, count: int = 1000) -> uuid.UUID:
    """A job that is cut into three parts."""
    with house.sessions.begin() as session:
        people(session, count)
    job_id = house.launch().job_id
    house.split(job_id)
    return job_id


def age(house: House, model: type[Any], column: str, seconds: float) -> None:
    """Make all rows older than they are."""
    with house.sessions.begin() as session:
        shift = cast(f"{seconds} s", Interval)
        session.execute(update(model).values({column: getattr(model, column) - shift}))


@contextmanager
def listening(redis: Redis, *names: str) -> Iterator[Worker]:
    """A worker in the register, as one is that waits for a message."""
    worker = Worker(list(names), connection=redis, serializer=JSONSerializer, worker_ttl=30)
    worker.register_birth()  # type: ignore[no-untyped-call]
    yield worker
    worker.register_death()  # type: ignore[no-untyped-call]


def test_every_rule_has_a_name_of_its_own_and_its_page_names_the_subject() -> None:
    assert all(rule.name == name and rule.page_of("x").startswith("/") for name, rule in RULES.items())
    assert RULES["job_stalled"].page_of("17") == "/jobs/17"


def test_a_worker_whose_part_was_taken_is_lost_for_two_minutes(house: House, scene: Scene) -> None:
    job_id = prepared(house)
    house.claim(job_id, holder="w-1", lease=-1)
    with house.sessions() as session:
        recover(session, house.redis, job_id, 0)

    [condition] = workers.lost(scene)
    assert condition.subject == "w-1"
    assert "lost a part" in condition.sentence

    age(house, JobEvent, "at", 121)
    assert subjects(workers.lost(scene)) == []


def test_a_worker_that_falls_silent_is_lost_and_one_that_stops_is_not(house: House, scene: Scene) -> None:
    with listening(house.redis, "jobs:etl") as worker:
        assert subjects(workers.lost(scene)) == []

        house.redis.expire(worker.key, 54)  # half a minute after its last beat
        assert subjects(workers.lost(scene)) == [worker.name]
        worker.set_state(WorkerStatus.BUSY)  # who is busy beats more often and has less time
        assert subjects(workers.lost(scene)) == []
        house.redis.expire(worker.key, 34)
        assert subjects(workers.lost(scene)) == [worker.name]
    assert subjects(workers.lost(scene)) == []


def test_work_that_no_worker_listens_for_is_told_by_its_queue(house: House, scene: Scene) -> None:
    assert subjects(queues.unheard(scene)) == []
    prepared(house)

    [condition] = queues.unheard(scene)
    assert condition.subject == "jobs:etl"
    assert condition.sentence == "No worker listens on jobs:etl, and 3 jobs and parts wait for one."

    with listening(house.redis, "jobs:documents"):
        assert subjects(queues.unheard(scene)) == ["jobs:etl"]
    with listening(house.redis, "jobs:documents", "jobs:etl") as worker:
        assert subjects(queues.unheard(scene)) == []
        house.redis.expire(worker.key, 30)
        assert subjects(queues.unheard(scene)) == ["jobs:etl"]


def test_a_queue_is_deep_when_more_wait_than_the_setting_allows(house: House, scene: Scene) -> None:
    house.launch("etl.embed", candidate_ids=[1])
    prepared(house)

    assert subjects(queues.deep(less(scene, alert_queue_depth=4))) == []
    [condition] = queues.deep(less(scene, alert_queue_depth=3))
    assert condition.sentence.startswith("4 jobs and parts wait in jobs:etl")


def test_a_job_that_waits_for_its_turn_makes_no_queue_deep(
    house: House, scene: Scene, settings_env: Callable[..., Settings]
) -> None:
    settings_env(JOBS_PER_USER_AT_ONCE=1)
    house.launch("etl.embed", candidate_ids=[1])
    house.launch("etl.embed", candidate_ids=[2])

    [condition] = queues.deep(less(scene, alert_queue_depth=0))
    assert condition.sentence.startswith("1 jobs and parts wait in jobs:etl")


def test_a_job_in_hand_that_does_not_move_is_stalled(house: House, scene: Scene) -> None:
    job_id = prepared(house)
    age(house, Job, "created_at", 301)
    assert subjects(jobs.stalled(scene)) == []  # it waits for a worker

    part = house.claim(job_id)
    assert subjects(jobs.stalled(scene)) == []
    age(house, Job, "moved_at", 301)
    assert subjects(jobs.stalled(scene)) == [str(job_id)]

    assert part is not None and part.token is not None
    with house.sessions.begin() as session:
        ref = ledger.Ref(job_id, 0, part.token)
        part_end.hand_back(session, ledger.lock(session, job_id), ref)
    assert subjects(jobs.stalled(scene)) == []


def test_a_job_is_overdue_until_it_is_over(house: House, scene: Scene) -> None:
    job_id = prepared(house)
    age(house, Job, "started_at", 6 * 3600 - 60)
    assert subjects(jobs.overdue(scene)) == []
    age(house, Job, "started_at", 61)
    assert subjects(jobs.overdue(scene)) == [str(job_id)]

    with house.sessions.begin() as session:
        session.execute(update(Job).values(status="cancelled"))
    assert subjects(jobs.overdue(scene)) == []


def test_a_job_that_waits_for_its_turn_is_not_overdue_and_has_its_hours_from_its_beginning(
    house: House, scene: Scene, settings_env: Callable[..., Settings]
) -> None:
    settings_env(JOBS_PER_USER_AT_ONCE=1)
    first, second = (house.launch("etl.embed", candidate_ids=[n]).job_id for n in (1, 2))
    age(house, Job, "created_at", 7 * 3600)
    assert subjects(jobs.overdue(scene)) == [str(first)]

    house.run(first)
    with house.sessions() as session:
        ring_next(session, house.redis, "ana")
    with house.sessions.begin() as session:
        people(session, 3)
        session.get_one(Job, second).split_at = session.get_one(Job, second).started_at = func.clock_timestamp()
    assert subjects(jobs.overdue(scene)) == []


def test_no_job_that_pays_is_overdue_while_the_budget_is_spent(
    house: House, scene: Scene, settings_env: Callable[..., Settings]
) -> None:
    job_id = prepared(house)
    with house.sessions.begin() as session:
        session.get_one(Job, job_id).model = "embed-v4.0"
    age(house, Job, "created_at", 7 * 3600)
    age(house, Job, "started_at", 7 * 3600)
    assert subjects(jobs.overdue(scene)) == [str(job_id)]

    settings_env(MONTHLY_BUDGET=0.01)
    with scene.sessions.begin() as session:
        spend.book(session, uuid.uuid4(), NOBODY, "embed-v4.0", inputs=1, tokens=1_000_000)
    assert subjects(jobs.overdue(scene)) == []


def test_dead_letters_grow_when_many_came_lately_and_are_open(house: House, scene: Scene) -> None:
    job_id = prepared(house)
    with house.sessions.begin() as session:
        job = ledger.find(session, job_id)
        now = session.execute(select(func.clock_timestamp())).scalar_one()
        made = [make_failure(session, job, n, last_seen=now) for n in range(21)]
    [condition] = failures.growing(scene)
    assert condition.sentence == "21 records were set aside within 10 minutes."

    with house.sessions.begin() as session:
        session.get_one(type(made[0]), made[0].id).status = "resolved"
    assert subjects(failures.growing(scene)) == []


@pytest.fixture
def cohere(scene: Scene, settings_env: Callable[..., Settings]) -> Scene:
    own = settings_env(EMBEDDER="cohere", COHERE_API_KEY="key-of-the-tests")
    return Scene(own, scene.sessions, scene.redis)


def test_a_refused_key_is_told_with_its_cure_until_one_is_accepted(cohere: Scene) -> None:
    gate = gate_of(cohere.settings, cohere.redis, Refusals(cohere.sessions))
    assert gate is not None
    assert subjects(provider.key_refused(cohere)) == []

    gate.leave(True, refusal=GiveUp("Cohere refuses the key: put in a valid one (401)", code="c"))
    [condition] = provider.key_refused(cohere)
    assert condition.sentence.startswith("Cohere refuses the key, last at ")
    assert condition.cure == "Put in a valid one (401). Then retry the jobs that failed."
    cohere.redis.flushall()
    assert subjects(provider.key_refused(cohere)) == ["Cohere"]

    gate.leave(True, accepted=True)
    assert subjects(provider.key_refused(cohere)) == []


def test_a_spent_budget_says_when_jobs_go_on(scene: Scene, settings_env: Callable[..., Settings]) -> None:
    settings_env(MONTHLY_BUDGET=0.01)
    assert subjects(provider.budget_spent(scene)) == []
    with scene.sessions.begin() as session:
        spend.book(session, uuid.uuid4(), NOBODY, "embed-v4.0", inputs=1, tokens=1_000_000)

    [condition] = provider.budget_spent(scene)
    assert condition.sentence.startswith("The budget of 0.01 USD for ")
    assert condition.cure.startswith("Set MONTHLY_BUDGET higher, or it goes on by itself on 1 ")


def test_without_a_provider_no_key_is_refused(scene: Scene) -> None:
    assert subjects(provider.key_refused(scene)) == []


def test_an_engine_that_is_silent_is_named_with_what_becomes_of_the_work(scene: Scene) -> None:
    assert subjects(engines.away(scene)) == []
    [condition] = engines.away(dataclasses.replace(scene, silent=["Qdrant"]))
    assert (condition.subject, condition.sentence) == ("Qdrant", "Qdrant does not answer.")
    assert "go on by themselves" in condition.cure


def less(scene: Scene, **settings: Any) -> Scene:
    """The same scene with other settings."""
    return dataclasses.replace(scene, settings=scene.settings.model_copy(update=settings))


def test_a_search_that_missed_somebody_is_told_until_the_next_one_misses_nobody(house: House, scene: Scene) -> None:
    def check(found: int) -> SearchCheck:
        known = {"requested_by": "clock", "collection": "c1", "model": "fake", "k": 10, "people": []}
        return SearchCheck(asked=20, found=found, **known)

    assert subjects(search.misses(scene)) == []
    with house.sessions.begin() as session:
        session.add(check(18))
    assert [condition.sentence for condition in search.misses(scene)] == [
        "The search found 18 of 20 known people by their own text."
    ]
    with house.sessions.begin() as session:
        session.add(check(20))
    assert subjects(search.misses(scene)) == []
