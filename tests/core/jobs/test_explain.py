"""Why what stands still stands still, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from redis import Redis
from rq import Worker
from rq.serializers import JSONSerializer

from core.access import Actor
from core.jobs import ledger, part_end
from core.jobs.explain import Wait, explain, explain_part, explanations, listening, places
from core.jobs.launch import launch
from core.jobs.ledger import Ref
from core.jobs.listeners import Listener, awake, listeners
from core.jobs.recover import recover
from core.jobs.view import JobView, PartView, view_of
from core.kinds import KINDS
from tests.core.jobs.conftest import House
from tests.factories import people

NOON = datetime(2026, 11, 22, 12, 4, 10, tzinfo=UTC)
NOWHERE = Redis(host="127.0.0.1", port=1)


def job(status: str = "queued", **values: object) -> JobView:
    unknown = ("retry_of", "total", "rate", "eta_seconds", "model", "error_code", "error_detail", "started_at")
    view = JobView(
        id="00000000-0000-4000-8000-000000000001",
        kind="etl.sync",
        queue="jobs:etl",
        title="Sync",
        status=status,
        message="",
        requested_by="ana",
        reason="",
        done=0,
        skipped=0,
        failed=0,
        tokens=0,
        calls=0,
        created_at=NOON,
        updated_at=NOON,
        finished_at=None,
        **dict.fromkeys(unknown),  # type: ignore[arg-type]
    )
    return replace(view, **values)  # type: ignore[arg-type]


def part(status: str, message: str = "", until: datetime | None = None) -> PartView:
    return PartView(2, status, 10, 0, 0, 0, 1, message, until)


def hears(busy: bool, *queues: str) -> Listener:
    return Listener("w-1", frozenset(queues), busy)


FREE, BUSY, ELSEWHERE = hears(False, "jobs:etl"), hears(True, "jobs:etl"), hears(False, "jobs:research")


@pytest.mark.parametrize(
    ("heard", "before", "code", "sentence"),
    [
        (None, 0, "redis_away", "Redis does not answer"),
        ([], 3, "no_worker", "No worker listens on jobs:etl. Start one with: vigia worker"),
        ([ELSEWHERE], 0, "no_worker", "No worker listens on jobs:etl."),
        ([BUSY], 1, "jobs_before", "1 job is before it."),
        ([BUSY], 3, "jobs_before", "3 jobs are before it."),
        ([BUSY, ELSEWHERE], 0, "all_busy", "Every worker is busy; the next free one takes it."),
        ([BUSY, FREE], 0, "soon", "A worker takes it in a moment."),
    ],
)
def test_a_queued_job_has_one_reason(heard: Sequence[Listener] | None, before: int, code: str, sentence: str) -> None:
    wait = explain(job(), before=before, heard=heard)

    assert wait is not None and (wait.code, wait.until) == (code, None)
    assert wait.sentence.startswith(sentence)


def test_what_the_ledger_says_of_a_job_is_told() -> None:
    said = "Waits until 12:04:10 UTC: the budget of November is used up."
    parts = (part("waiting", until=NOON + timedelta(minutes=1)), part("waiting", until=NOON), part("done"))

    wait = explain(job("waiting", message=said, parts=parts), before=0, heard=[])

    assert wait is not None and (wait.code, wait.sentence, wait.until) == ("told", said, NOON)


def test_a_split_that_waits_for_a_dependency_says_for_which() -> None:
    wait = explain(job("waiting", message="Waits for a dependency: Qdrant does not answer"), before=4, heard=[FREE])

    assert wait is not None and wait.sentence == "Waits for a dependency: Qdrant does not answer"


@pytest.mark.parametrize(
    "status", ["completed", "completed_with_errors", "failed", "cancelled", "cancelling", "running"]
)
def test_what_does_not_stand_still_has_no_reason(status: str) -> None:
    assert explain(job(status, message="Stopping; what is in hand ends first."), before=3, heard=None) is None


def test_a_job_under_way_with_nobody_at_work_is_explained_too() -> None:
    alone = job("running", parts=(part("done"), part("queued")))
    at_work = job("running", parts=(part("running"), part("queued")))

    assert (wait := explain(alone, before=0, heard=[])) is not None and wait.code == "no_worker"
    assert explain(at_work, before=0, heard=[]) is None


@pytest.mark.parametrize(
    ("of", "sentence"),
    [
        (part("waiting", "Cohere asks us to wait", NOON), "Waits until 12:04:10 UTC: Cohere asks us to wait."),
        (part("queued", "recovering: its worker died"), "Recovering: its worker died. No worker listens on jobs:etl."),
        (part("queued"), "No worker listens on jobs:etl."),
        (part("running", "anything"), None),
        (part("done"), None),
        (part("failed", "Gave up after 6 tries."), None),
    ],
)
@time_machine.travel(NOON, tick=False)
def test_a_part_has_one_reason(of: PartView, sentence: str | None) -> None:
    wait = explain_part(of, "jobs:etl", [])

    assert (wait and wait.sentence.removesuffix(" Start one with: vigia worker")) == sentence


def test_a_place_in_the_queue_counts_who_wants_a_worker_and_came_before(house: House) -> None:
    ids = [house.launch(limit=n).job_id for n in (1, 2, 3)]
    with house.sessions.begin() as session:
        people(session, 1)
    house.split(ids[0])
    assert house.claim(ids[0]) is not None
    with house.sessions() as session:
        assert places(session, [str(job_id) for job_id in ids[1:]]) == {str(ids[1]): 1, str(ids[2]): 2}
        assert places(session, []) == {}


def test_jobs_are_explained_together_and_without_redis_too(house: House) -> None:
    first, second = house.launch(limit=1).job_id, house.launch(limit=2).job_id
    with house.sessions() as session:
        views = [view_of(ledger.find(session, job_id)) for job_id in (first, second)]
        assert {wait.code for wait in explanations(session, views, lambda: listening(house.redis)).values()} == {
            "no_worker"
        }
        assert {wait.code for wait in explanations(session, views, lambda: listening(NOWHERE)).values()} == {
            "redis_away"
        }
        Worker(["jobs:etl"], connection=house.redis, serializer=JSONSerializer, name="w-1").register_birth()
        waits = explanations(session, views, lambda: listening(house.redis))
    assert [waits[str(job_id)].sentence for job_id in (first, second)] == [
        "A worker takes it in a moment.",
        "1 job is before it.",
    ]


def test_a_part_whose_worker_died_is_recovering_and_so_is_its_job(house: House) -> None:
    with house.sessions.begin() as session:
        people(session, 2)
    job_id = house.launch().job_id
    house.split(job_id)
    assert house.claim(job_id, holder="w-9") is not None
    with house.sessions() as session:
        recover(session, house.redis, job_id, 0, holder="w-9")
        view = view_of(ledger.find(session, job_id), ledger.parts_of(session, job_id))
        assert view.message == "Recovering: its worker died."
        assert explain(view, before=0, heard=[BUSY]) == Wait("told", view.message)
        assert (wait := explain(view, before=0, heard=[])) is not None
    assert wait.sentence == f"{view.message} No worker listens on jobs:etl. Start one with: vigia worker"


def test_a_part_that_recovers_while_others_run_is_told_and_one_handed_back_is_not(house: House) -> None:
    with house.sessions.begin() as session:
        people(session, 1000)
    job_id = house.launch().job_id
    house.split(job_id)
    refs = [Ref(job_id, n, held.token) for n in (0, 1) if (held := house.claim(job_id, n)) and held.token]
    with house.sessions.begin() as session:
        part_end.hand_back(session, ledger.lock(session, job_id), refs[0])
        assert ledger.find(session, job_id).message == ""
    assert house.claim(job_id, 0, holder="w-9") is not None
    with house.sessions() as session:
        recover(session, house.redis, job_id, 0, holder="w-9")
        assert ledger.find(session, job_id).message == "Recovering: its worker died. The other parts go on."


def test_the_register_tells_who_listens_and_works(redis: Redis) -> None:
    worker = Worker(["jobs:etl", "jobs:audits"], connection=redis, serializer=JSONSerializer, name="w-1")
    worker.register_birth()
    worker.set_state("busy")

    assert listeners(redis) == [Listener("w-1", frozenset({"jobs:etl", "jobs:audits"}), True)]


def test_a_worker_that_stopped_beating_takes_nothing(redis: Redis) -> None:
    worker = Worker(["jobs:etl"], connection=redis, serializer=JSONSerializer, name="w-1")
    worker.register_birth()
    assert [listener.name for listener in awake(redis)] == ["w-1"]

    redis.expire(worker.key, 50)  # 40 s after its last beat

    assert awake(redis) == []
    assert [listener.name for listener in listeners(redis)] == ["w-1"]


def test_a_launch_keeps_the_id_of_its_request(house: House) -> None:
    kind = KINDS["etl.sync"]
    with house.sessions() as session:
        job_id = launch(
            session, house.redis, kind, kind.payload(), actor=Actor("ana", request_id="c0ffee-c0ffee")
        ).job_id
        assert ledger.find(session, job_id).request_id == "c0ffee-c0ffee"


def test_a_job_that_somebody_holds_and_nobody_moves_has_stalled() -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=2)
    held = job("running", moved_at=long_ago, parts=(part("running"),))

    wait = explain(held, before=0, heard=[])

    assert wait is not None and wait.code == "stalled"
    assert f"since {long_ago:%H:%M:%S} UTC" in wait.sentence
    assert explain(replace(held, moved_at=datetime.now(UTC)), before=0, heard=[]) is None
