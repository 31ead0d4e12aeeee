"""Cohere's real SDK against the stand-in, over a real socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest
from redis import Redis

from core.adapters.cohere_embedder import CohereEmbedder, batch_for, concurrency_for, sends_dimension
from core.adapters.redis_gate import RedisGate
from core.errors import BadBatch, Cancelled, GiveUp, TryAgain
from core.ports import Work, go_on
from core.stack.net import free_port
from tests.standins.cohere import CohereStandIn, Fault, vector_of

MODEL, DIMENSION = "embed-v4.0", 256


@dataclass
class CountingLimiter:
    """Lets everybody pass, and remembers."""

    acquired: list[tuple[int, bool]] = field(default_factory=list)
    held: list[tuple[float, str]] = field(default_factory=list)

    def acquire(self, inputs: int, *, urgent: bool = False, check: Callable[[], None] = go_on) -> None:
        self.acquired.append((inputs, urgent))

    def hold(self, seconds: float, reason: str) -> None:
        self.held.append((seconds, reason))


@dataclass
class OpenGate:
    """Lets everybody pass, and remembers how calls went."""

    left: list[tuple[bool, GiveUp | None]] = field(default_factory=list)

    def enter(self, work: Work, *, urgent: bool = False) -> bool:
        return False

    def check(self, work: Work) -> None:
        pass

    def leave(self, trial: bool, *, accepted: bool = False, refusal: GiveUp | None = None) -> None:
        self.left.append((accepted, refusal))


@pytest.fixture
def cohere() -> Iterator[CohereStandIn]:
    with CohereStandIn() as standin:
        yield standin


@pytest.fixture
def limiter() -> CountingLimiter:
    return CountingLimiter()


Make = Callable[..., CohereEmbedder]


@pytest.fixture
def make(cohere: CohereStandIn, limiter: CountingLimiter) -> Iterator[Make]:
    """Makes embedders and closes them."""
    made: list[CohereEmbedder] = []

    def embedder(**changed: object) -> CohereEmbedder:
        known: dict[str, object] = {
            "api_key": "key-1",
            "model": MODEL,
            "dimension": DIMENSION,
            "limiter": limiter,
            "gate": OpenGate(),
            "base_url": cohere.url,
            "timeout": 5.0,
        }
        made.append(CohereEmbedder(**(known | changed)))  # type: ignore[arg-type]
        return made[-1]

    yield embedder
    for one in made:
        one.close()


@pytest.fixture
def embedder(make: Make) -> CohereEmbedder:
    return make()


def test_each_text_gets_its_own_vector_and_the_bill_is_told(embedder: CohereEmbedder, cohere: CohereStandIn) -> None:
    texts = ["enfermera de cuidados intensivos", "data engineer", "学者 🎓"]

    embedded = embedder.embed(texts)

    assert embedded.vectors.shape == (3, DIMENSION)
    for row, text in zip(embedded.vectors, texts, strict=True):
        assert np.array_equal(row, vector_of(MODEL, text, DIMENSION))
    assert embedded.tokens > 0
    [call] = cohere.script.calls
    assert (call.types, call.input_type, call.priority, call.dimension) == (["base64"], "search_document", 1, DIMENSION)


def test_a_person_who_waits_goes_first_and_asks_as_a_query(
    embedder: CohereEmbedder, cohere: CohereStandIn, limiter: CountingLimiter
) -> None:
    embedder.embed(["nurse"], purpose="query", urgent=True)

    [call] = cohere.script.calls
    assert (call.input_type, call.priority) == ("search_query", 0)
    assert limiter.acquired == [(1, True)]


def test_older_models_are_not_sent_a_dimension(make: Make, cohere: CohereStandIn) -> None:
    make(model="embed-multilingual-v3.0", dimension=1024).embed(["nurse"])

    assert cohere.script.calls[0].dimension is None
    assert sends_dimension("embed-v5.0-pro")
    assert not sends_dimension("embed-english-light-v3.0")


def test_a_dimension_that_the_model_lacks_is_refused_before_any_call(make: Make, cohere: CohereStandIn) -> None:
    with pytest.raises(GiveUp, match="set EMBED_DIMENSION") as caught:
        make(dimension=1000).embed(["nurse"])

    assert caught.value.code == "embed_dimension"
    assert cohere.script.calls == []


def test_floats_do_where_a_server_knows_no_base64(embedder: CohereEmbedder, cohere: CohereStandIn) -> None:
    cohere.script.fail(Fault("no_base64"))

    assert np.array_equal(embedder.embed(["nurse"]).vectors[0], vector_of(MODEL, "nurse", DIMENSION))


@pytest.mark.parametrize("kind", ["wrong_dimension", "missing_vector", "nan", "zeros", "empty_object", "html"])
def test_an_answer_that_cannot_be_true_never_leaves(kind: str, embedder: CohereEmbedder, cohere: CohereStandIn) -> None:
    cohere.script.fail(Fault(kind))  # type: ignore[arg-type]

    with pytest.raises(TryAgain, match="invalid answer from Cohere") as caught:
        embedder.embed(["nurse", "engineer"])

    assert caught.value.code == "cohere_invalid_answer"
    assert len(cohere.script.calls) == 1  # the SDK made no second try of its own


@pytest.mark.parametrize("kind", ["cut_body", "drop"])
def test_a_connection_that_breaks_is_tried_again_by_us_not_by_the_sdk(
    kind: str, embedder: CohereEmbedder, cohere: CohereStandIn
) -> None:
    cohere.script.fail(Fault(kind))  # type: ignore[arg-type]

    with pytest.raises(TryAgain, match="at most one batch may be billed twice"):
        embedder.embed(["nurse"])

    assert len(cohere.script.calls) == 1


def test_an_answer_that_takes_too_long_is_a_timeout(make: Make, cohere: CohereStandIn) -> None:
    cohere.script.fail(Fault("slow", seconds=1.0))

    with pytest.raises(TryAgain) as caught:
        make(timeout=0.1).embed(["nurse"])

    assert caught.value.code == "cohere_timeout"


def test_nobody_listening_is_tried_again(make: Make) -> None:
    embedder = make(base_url=f"http://127.0.0.1:{free_port()}")

    with pytest.raises(TryAgain) as caught:
        embedder.embed(["nurse"])

    assert caught.value.code == "cohere_unreachable"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "cohere_key_refused"),
        (402, "cohere_payment_required"),
        (403, "cohere_forbidden"),
        (404, "cohere_model_missing"),
        (498, "cohere_key_refused"),
        (501, "cohere_not_offered"),
    ],
)
def test_what_no_retry_can_mend_stops_the_job_with_the_cure(
    status: int, code: str, embedder: CohereEmbedder, cohere: CohereStandIn
) -> None:
    cohere.script.fail(Fault(status=status))

    with pytest.raises(GiveUp, match=str(status)) as caught:
        embedder.embed(["nurse", "engineer"])

    assert caught.value.code == code
    assert caught.value.trace_id
    assert len(cohere.script.calls) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 499, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(status: int, embedder: CohereEmbedder, cohere: CohereStandIn) -> None:
    cohere.script.fail(Fault(status=status))

    with pytest.raises(TryAgain) as caught:
        embedder.embed(["nurse"])

    assert (caught.value.after, caught.value.paced) == (None, False)
    assert caught.value.trace_id
    assert len(cohere.script.calls) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_is_honoured_in_full_and_holds_everybody(
    status: int, embedder: CohereEmbedder, cohere: CohereStandIn, limiter: CountingLimiter
) -> None:
    cohere.script.fail(Fault(status=status, retry_after="240"))

    with pytest.raises(TryAgain, match=r"waiting for Cohere until (\S+ )?\d\d:\d\d:\d\d UTC") as caught:
        embedder.embed(["nurse"])

    assert caught.value.after == 240
    assert limiter.held == [(240, str(caught.value))]


def test_a_retry_after_may_be_a_date(embedder: CohereEmbedder, cohere: CohereStandIn) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=90)
    cohere.script.fail(Fault(status=429, retry_after=format_datetime(moment, usegmt=True)))

    with pytest.raises(TryAgain) as caught:
        embedder.embed(["nurse"])

    assert 80 < (caught.value.after or 0) <= 90


def test_a_refused_text_is_a_bad_batch_in_the_words_of_cohere(embedder: CohereEmbedder, cohere: CohereStandIn) -> None:
    cohere.script.markers.append("REFUSE-ME")

    with pytest.raises(BadBatch, match="could not be processed") as caught:
        embedder.embed(["nurse", "REFUSE-ME"])

    assert caught.value.code == "text_refused"
    assert caught.value.trace_id


def test_a_single_refused_text_is_bad_when_others_are_accepted(embedder: CohereEmbedder, cohere: CohereStandIn) -> None:
    cohere.script.markers.append("REFUSE-ME")

    with pytest.raises(BadBatch):
        embedder.embed(["REFUSE-ME"])


def test_when_every_text_is_refused_the_settings_are_to_blame(embedder: CohereEmbedder, cohere: CohereStandIn) -> None:
    cohere.script.fail(Fault(status=400, message="invalid request: unknown option"), times=None)

    with pytest.raises(GiveUp, match="unknown option") as caught:
        embedder.embed(["nurse"])

    assert caught.value.code == "cohere_refuses_all"


def test_a_text_that_is_no_unicode_is_a_bad_batch(embedder: CohereEmbedder) -> None:
    with pytest.raises(BadBatch) as caught:
        embedder.embed(["nurse \ud800"])

    assert caught.value.code == "text_not_unicode"


def test_calls_of_many_threads_are_under_way_together(embedder: CohereEmbedder, cohere: CohereStandIn) -> None:
    everybody = threading.Barrier(4)
    real = cohere.script.begin
    cohere.script.begin = lambda call: (everybody.wait(60), real(call))[1]  # type: ignore[method-assign]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(embedder.embed, [[f"person {n}"] for n in range(4)]))

    assert [answer.vectors.shape for answer in answers] == [(1, DIMENSION)] * 4


def test_a_refusal_during_the_wait_for_the_limit_is_heard_before_the_call(make: Make, cohere: CohereStandIn) -> None:
    class Slow(CountingLimiter):
        def acquire(self, inputs: int, *, urgent: bool = False, check: Callable[[], None] = go_on) -> None:
            time.sleep(0.06)

    class Refused(OpenGate):
        def check(self, work: Work) -> None:
            raise GiveUp("the key was refused meanwhile", code="cohere_key_refused")

    with pytest.raises(GiveUp, match="meanwhile"):
        make(limiter=Slow(), gate=Refused()).embed(["nurse"])

    assert cohere.script.calls == []


def test_batches_divide_the_limit_evenly() -> None:
    assert [batch_for(limit) for limit in (0, 2000, 96, 100, 10, 1, 100_000)] == [96, 95, 96, 50, 10, 1, 95]


def test_no_more_calls_are_in_flight_than_the_limit_lets_out() -> None:
    assert concurrency_for(0, 8) == 8
    assert concurrency_for(2000, 8) == 2
    assert concurrency_for(20_000, 8) == 8


def test_a_new_key_is_tried_by_one_call_and_after_a_401_no_call_is_begun(
    make: Make, cohere: CohereStandIn, redis: Redis
) -> None:
    cohere.script.refused_keys.add("key-1")
    cohere.script.latency = 0.05
    embedder = make(gate=RedisGate(redis, "key-1", trial_seconds=15))

    def code(_: int) -> str:
        with pytest.raises(GiveUp) as caught:
            embedder.embed(["nurse"])
        return caught.value.code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(code, range(16))) == {"cohere_key_refused"}
    assert len(cohere.script.calls) == 1


def test_work_that_was_asked_for_before_a_refusal_makes_no_call_and_later_work_probes_once(
    make: Make, cohere: CohereStandIn, redis: Redis
) -> None:
    cohere.script.refused_keys.add("key-1")
    before = Work(time.monotonic() - 1)
    with pytest.raises(GiveUp):
        make(gate=RedisGate(redis, "key-1", trial_seconds=15)).embed(["nurse"], work=before)
    cohere.script.heal()
    later = make(gate=RedisGate(redis, "key-1", trial_seconds=15))

    for work in (before, None):  # a job of then, and a question of now
        with pytest.raises(GiveUp, match="refused at"):
            later.embed(["nurse"], work=work)
    assert len(cohere.script.calls) == 1

    again = Work(time.monotonic())
    assert later.embed(["nurse"], work=again).vectors.shape == (1, DIMENSION)
    assert later.embed(["nurse"], work=before).vectors.shape == (1, DIMENSION)


def test_a_cancelled_job_pays_for_nothing_though_its_turn_comes(make: Make, cohere: CohereStandIn) -> None:
    def stop() -> None:
        raise Cancelled("the job was cancelled")

    with pytest.raises(Cancelled):
        make().embed(["nurse"], work=Work(time.monotonic(), stop))

    assert cohere.script.calls == []


def test_the_retry_after_is_told_though_redis_cannot_keep_it(make: Make, cohere: CohereStandIn) -> None:
    class Away(CountingLimiter):
        def hold(self, seconds: float, reason: str) -> None:
            raise TryAgain("Redis does not answer", code="redis_unavailable", ours=True)

    cohere.script.fail(Fault(status=429, retry_after=20))

    with pytest.raises(TryAgain) as caught:
        make(limiter=Away()).embed(["nurse"])

    assert (caught.value.code, caught.value.after) == ("cohere_rate_limited", 20)
