"""What Cohere can do to a job, from the first wait to the last word."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core.jobs.retry import retry
from core.kinds import KINDS
from core.models import Failure, JobEvent
from tests.faults.conftest import Here
from tests.standins.cohere import CohereStandIn
from tests.standins.cohere_script import Fault, FaultKind
from tests.walks.conftest import OPERATOR


def paid_twice(cohere: CohereStandIn) -> int:
    billed = cohere.script.texts_billed()
    return len(billed) - len(set(billed))


def test_a_retry_after_is_kept_by_everybody_and_told(here: Here, cohere: CohereStandIn) -> None:
    ids = here.add(300)
    cohere.script.fail(Fault(status=429, retry_after="20"))
    other, job_id = here.launch("etl.embed", candidate_ids=ids[:100]), here.launch()

    waiting = here.work(job_id)
    assert (waiting.status, waiting.done, waiting.failed) == ("waiting", 0, 0)
    assert "aiting for Cohere until" in waiting.message
    here.work(job_id)
    assert here.work(other).status in ("waiting", "completed")  # its records are in the first one's hands
    assert len(cohere.script.calls) == 1  # nobody calls before the time

    assert here.work_on(job_id).status == "completed"
    assert here.points() == 300
    assert paid_twice(cohere) == here.dead_letters() == 0


def test_an_outage_beyond_all_tries_keeps_what_is_done_and_a_retry_bills_the_rest(
    here: Here, cohere: CohereStandIn
) -> None:
    here.add(700)
    job_id = here.launch()
    here.split(job_id)
    real = cohere.script.begin

    def begin(call):  # type: ignore[no-untyped-def]
        """Fall ill when the first part is done."""
        if len(cohere.script.calls) == 5:
            cohere.script.fail(Fault(status=503), times=None)
        return real(call)

    cohere.script.begin = begin  # type: ignore[method-assign]
    job = here.work(job_id)
    tries = 1
    while job.status == "waiting":
        job = here.work_on(job_id)
        tries += 1
    assert (job.status, job.done, job.failed) == ("completed_with_errors", 480, 220)
    assert tries == here.platform.settings.retry_attempts
    with here.platform.sessions() as session:
        (aside,) = session.scalars(select(Failure)).all()
        assert (aside.record_id, aside.cause, aside.part) == (None, "cohere_unwell", 1)
        story = session.scalars(select(JobEvent.message).where(JobEvent.level == "error")).all()
        assert any("Gave up after" in line for line in story)

    cohere.script.begin = real  # type: ignore[method-assign]
    cohere.script.heal()
    with here.platform.sessions() as session:
        again = retry(session, here.platform.house.redis, KINDS, job_id, actor=OPERATOR).job_id
    rest = here.work(again)
    assert (rest.status, rest.total, rest.done) == ("completed", 220, 220)
    assert paid_twice(cohere) == here.dead_letters() == 0
    assert here.points() == 700


@pytest.mark.parametrize("kind", ["wrong_dimension", "missing_vector", "nan", "zeros", "empty_object", "html"])
def test_nothing_of_an_invalid_answer_reaches_the_index(here: Here, cohere: CohereStandIn, kind: FaultKind) -> None:
    here.add(90)
    cohere.script.fail(Fault(kind))
    job_id = here.launch()

    job = here.work(job_id)
    assert (job.status, job.done) == ("waiting", 0)
    assert "invalid answer from Cohere" in job.message
    assert here.points() == 0

    assert here.work_on(job_id).status == "completed"
    assert here.points() == 90


@pytest.mark.parametrize("kind", ["cut_body", "drop"])
def test_a_broken_answer_costs_one_batch_at_most(here: Here, cohere: CohereStandIn, kind: FaultKind) -> None:
    here.add(300)
    cohere.script.fail(Fault(kind))
    job_id = here.launch()

    job = here.work(job_id)
    assert "may be billed twice" in job.message
    assert here.work_on(job_id).status == "completed"
    assert paid_twice(cohere) <= 96
    assert here.points() == 300


@pytest.mark.parametrize(
    ("status", "cure"),
    [(401, "COHERE_API_KEY"), (402, "billing"), (403, "access"), (404, "EMBED_MODEL"), (498, "COHERE_API_KEY")],
)
def test_what_no_retry_can_mend_ends_the_job_by_one_call(
    here: Here, cohere: CohereStandIn, status: int, cure: str
) -> None:
    here.add(1000)
    cohere.script.fail(Fault(status=status), times=None)
    job_id = here.launch()

    job = here.work(job_id)
    assert (job.status, job.failed, job.total) == ("failed", 1000, 1000)
    assert cure in (job.error_detail or "")
    assert len(cohere.script.calls) == 1
    assert here.dead_letters() == here.points() == 0

    cohere.script.heal()
    with here.platform.sessions() as session:
        again = retry(session, here.platform.house.redis, KINDS, job_id, actor=OPERATOR).job_id
    assert here.work(again).status == "completed"
    assert here.points() == 1000
