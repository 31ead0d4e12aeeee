"""Acts on many jobs: what would be hit is said first, and then it is a job of its own; and two jobs compared."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import AuditEvent, Job, JobResult
from tests.webapp import factories
from tests.webapp.conftest import Visitor, plain
from tests.webapp.factories import START

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def jobs(session: Session) -> dict[str, Job]:
    statuses = ("completed", "failed", "cancelled", "running", "cancelling", "queued")
    made = {
        name: factories.make_job(session, status=name, split_at=func.now(), title=name.title()) for name in statuses
    }
    factories.make_failure(session, made["failed"], 7)
    session.commit()
    return made


def bulks(session: Session) -> list[Job]:
    session.expire_all()
    return list(session.scalars(select(Job).where(Job.kind == "jobs.bulk").order_by(Job.number)))


def hidden(page: str) -> dict[str, str]:
    """Read the form of the preview as a browser would send it."""
    form = page.split('action="/jobs/bulk"')[1]
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)}


def test_the_list_offers_acts_to_operators_and_a_comparison_to_all(
    viewer: Visitor, operator: Visitor, jobs: dict[str, Job]
) -> None:
    assert "Retry…" in plain(operator.get("/jobs"))
    shown = plain(viewer.get("/jobs"))
    assert "Compare" in shown and "Retry…" not in shown


def test_the_preview_says_what_would_be_hit_and_what_not_and_changes_nothing(
    operator: Visitor, session: Session, jobs: dict[str, Job]
) -> None:
    ids = [str(job.id) for job in jobs.values()]

    shown = plain(operator.post("/jobs/bulk/new?act=cancel", id=ids))

    assert "Cancel 2 jobs?" in shown
    assert "3 jobs: over already" in shown
    assert "1 job: being cancelled already" in shown
    shown = plain(operator.post("/jobs/bulk/new?act=retry", id=ids))
    assert "Retry 1 job?" in shown
    assert "3 jobs: not over yet: wait for the end, or cancel first" in shown
    assert "2 jobs: nothing is left to retry" in shown
    assert bulks(session) == []


def test_a_retry_that_is_under_way_is_foreseen(operator: Visitor, session: Session, jobs: dict[str, Job]) -> None:
    factories.make_job(session, status="queued", retry_of=jobs["failed"].id)
    session.commit()

    shown = plain(operator.post("/jobs/bulk/new?act=retry", id=str(jobs["failed"].id)))

    assert "Nothing to retry" in shown
    assert "1 job: a retry is under way already" in shown


def test_what_was_ticked_becomes_a_job_with_its_reason(
    operator: Visitor, session: Session, jobs: dict[str, Job]
) -> None:
    ids = [str(jobs["running"].id), str(jobs["queued"].id)]
    assert operator.post("/jobs/bulk", act="cancel", id=ids).status_code == 422

    answer = operator.post("/jobs/bulk", act="cancel", id=ids, reason="wrong filter")

    (bulk,) = bulks(session)
    assert answer.location == f"/jobs/{bulk.id}"
    assert bulk.payload["numbers"] == [jobs["running"].number, jobs["queued"].number]
    assert (bulk.title, bulk.reason, bulk.requested_by) == ("Cancel 2 chosen jobs", "wrong filter", operator.name)
    audit = session.scalars(select(AuditEvent)).one()
    assert (audit.action, audit.target, audit.reason) == ("job.launch", str(bulk.id), "wrong filter")


def test_all_that_match_are_fixed_when_the_preview_is_seen(
    operator: Visitor, session: Session, jobs: dict[str, Job]
) -> None:
    preview = operator.post("/jobs/bulk/new?act=cancel", every="1", q="status:open after:9000d", status="queued")
    assert "Cancel 1 job?" in plain(preview)
    assert "All that match status:queued status:open after:9000d" in plain(preview)
    factories.make_job(session, status="queued")
    session.commit()
    form = hidden(preview.text)

    first, second = (operator.post("/jobs/bulk", **form, reason="r") for _ in range(2))

    (bulk,) = bulks(session)
    assert first.location == second.location == f"/jobs/{bulk.id}"
    assert bulk.payload["upto"] == jobs["queued"].number
    assert bulk.payload["where"]["statuses"] == ["queued"]
    assert bulk.payload["where"]["after"] is not None
    assert bulk.title == "Cancel the jobs that match “status:queued status:open after:9000d”"


@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        ("/jobs/bulk/new?act=cancel", {}, "Nothing was chosen"),
        ("/jobs/bulk/new?act=cancel", {"id": "nonsense"}, "Nothing was chosen"),
        ("/jobs/bulk/new?act=explode", {"every": "1"}, "There is no such act"),
        ("/jobs/bulk/new?act=cancel", {"every": "1", "q": "colour:red"}, "There is no term “colour:”"),
        ("/jobs/bulk/new?act=cancel", {"every": "1", "q": "status:failed", "status": "queued"}, "No job matches"),
    ],
)
def test_what_names_no_jobs_is_refused(
    operator: Visitor, session: Session, path: str, fields: dict[str, str], said: str
) -> None:
    answer = operator.post(path, **fields)

    assert answer.status_code == 422
    assert said in plain(answer)
    assert operator.post("/jobs/bulk", act="cancel", reason="r", **fields).status_code == 422 or "explode" in path


def test_an_act_on_all_jobs_keeps_no_word_of_its_readers_language(operator: Visitor, session: Session) -> None:
    factories.make_job(session, status="failed")
    session.commit()
    spanish = {"Accept-Language": "es"}
    preview = operator.client.post(
        "/jobs/bulk/new?act=retry", data={"csrf_token": operator.token, "every": "1"}, headers=spanish
    )
    assert "Todos los trabajos" in plain(preview)

    fields = hidden(preview.text) | {"reason": "r"}
    assert operator.client.post("/jobs/bulk", data=fields, headers=spanish).status_code == 303
    assert [job.title for job in bulks(session)] == ["Retry all jobs"]


def test_a_viewer_may_not(viewer: Visitor, jobs: dict[str, Job]) -> None:
    for path in ("/jobs/bulk/new?act=cancel", "/jobs/bulk"):
        assert viewer.post(path, act="cancel", every="1", reason="r").status_code == 403


def test_a_forged_end_of_the_list_is_harmless(operator: Visitor, session: Session, jobs: dict[str, Job]) -> None:
    moments = ("x", "2026-01-01", "9999-12-31T00:00:00+00:00", "0001-01-01T01:00+00:00", "0001-01-01T01:00+23:59")
    for upto, at in zip(("-5", "9" * 30, "0", "", "1"), moments, strict=True):
        assert operator.post("/jobs/bulk/new?act=cancel", every="1", q="after:2h", upto=upto, at=at).status_code == 200


def test_the_page_of_outcomes_tells_of_each(viewer: Visitor, session: Session, jobs: dict[str, Job]) -> None:
    bulk = factories.make_job(session, kind="jobs.bulk", status="cancelled", title=HOSTILE)
    gone, hit, late = 10**9, jobs["failed"], jobs["running"]
    factories.make_part(session, bulk, [hit.number, gone, late.number], cursor=2, status="cancelled")
    for number, outcome, sentence in ((hit.number, "done", "Retried by a new job."), (gone, "skipped", HOSTILE)):
        session.add(JobResult(job_id=bulk.id, record_id=number, outcome=outcome, sentence=sentence, led_to=hit.id))
    session.commit()

    page = viewer.get(f"/jobs/{bulk.id}/records")
    shown = plain(page)

    assert "Done" in shown and "Retried by a new job." in shown
    assert f"gone: number {gone}" in shown
    assert "Not reached" in shown
    assert "<script>alert" not in page.text


def test_the_page_of_an_act_leads_to_its_outcomes_and_offers_no_retry_of_them(
    operator: Visitor, session: Session
) -> None:
    bulk = factories.make_job(session, kind="jobs.bulk", status="completed_with_errors", total=2, done=1, failed=1)
    session.commit()

    shown = plain(operator.get(f"/jobs/{bulk.id}"))

    assert "What became of each item, in the order of work" in shown
    assert "Retry the rest" not in shown


def test_outcomes_come_page_by_page(session: Session, jobs: dict[str, Job], viewer: Visitor) -> None:
    bulk = factories.make_job(session, kind="failures.bulk")
    person = factories.make_candidate(session, full_name="Begoña Núñez")
    failures = [factories.make_failure(session, jobs["failed"], 10**6 + n) for n in range(30)]
    failures[29].record_id = person.id
    factories.make_part(session, bulk, [failure.id for failure in failures[:20]])
    factories.make_part(session, bulk, [failure.id for failure in failures[20:]], n=1)
    session.add(JobResult(job_id=bulk.id, record_id=failures[29].id, outcome="done", sentence="Discarded."))
    session.commit()

    first = viewer.get(f"/jobs/{bulk.id}/records").text
    older = unescape(first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0])

    assert "25 of 30" in plain(viewer.get(f"/jobs/{bulk.id}/records"))
    assert "Begoña Núñez Discarded." in plain(viewer.get(older))


def test_two_jobs_are_compared_the_older_first(viewer: Visitor, session: Session) -> None:
    times = {"created_at": START, "started_at": START + timedelta(seconds=5)}
    older = factories.make_job(
        session, title="First", total=200, done=190, failed=10, finished_at=START + timedelta(seconds=105), **times
    )
    times = {"created_at": START + timedelta(days=1), "started_at": START + timedelta(days=1)}
    younger = factories.make_job(session, title=HOSTILE, total=300, done=300, **times)
    factories.make_failure(session, older, 1, cause="cohere_timeout", status="resolved")
    session.commit()

    page = viewer.get(f"/jobs/compare?a={younger.id}&b={older.id}")
    shown = plain(page)

    assert shown.index("First") < shown.index("alert(1)")
    assert "Records 200 300 +100 (+50 %)" in shown
    assert "Failed 10 0 −10 (−100 %)" in shown
    assert "Ran 1 min 40 s – –" in shown
    assert "Cohere did not answer in time 1 0 −1 (−100 %)" in shown
    assert "what failed again later is not counted here" in shown
    assert "<script>alert" not in page.text
    assert viewer.get(f"/jobs/compare?id={older.id}&id={younger.id}").status_code == 200


def test_a_comparison_needs_two_jobs(viewer: Visitor, jobs: dict[str, Job]) -> None:
    one, gone = jobs["failed"].id, UUID(int=1)

    for query in ("", f"id={one}", f"id={one}&id={one}", "a=x&b=y", "&".join(f"id={job.id}" for job in jobs.values())):
        answer = viewer.get(f"/jobs/compare?{query}")
        assert answer.status_code == 422
        assert "Tick exactly two jobs" in plain(answer)
    assert viewer.get(f"/jobs/compare?a={one}&b={gone}").status_code == 404


@pytest.mark.parametrize("kind", ["jobs.bulk", "failures.bulk"])
def test_the_form_of_any_kind_is_there_for_acts_too(operator: Visitor, session: Session, kind: str) -> None:
    assert operator.get(f"/launches/{kind}/new").status_code == 200
    assert operator.post(f"/launches/{kind}").status_code == 422
    assert operator.post(f"/launches/{kind}", **{"act": "retry", "where.after": "zebra"}).status_code == 422
    ids = {"jobs.bulk": "numbers", "failures.bulk": "ids"}[kind]
    assert operator.post(f"/launches/{kind}", **{"act": "retry", ids: "1, 2"}).status_code == 303


def test_what_jobs_set_aside_is_discarded_with_a_reason(
    operator: Visitor, session: Session, jobs: dict[str, Job]
) -> None:
    asked = {"act": "discard", "id": [str(jobs["failed"].id), str(jobs["completed"].id)]}
    shown = plain(operator.post("/jobs/bulk/new", **asked))
    assert "Discard the failures of 1 job?" in shown and "1 open failure" in shown
    assert "1 job: nothing of it is set aside" in shown
    assert operator.post("/jobs/bulk", **asked).status_code == 422

    assert operator.post("/jobs/bulk", **asked, reason="moved on").status_code == 303

    (bulk,) = bulks(session)
    assert (bulk.payload["act"], bulk.reason) == ("discard", "moved on")
    assert bulk.title == "Discard the failures of 2 chosen jobs"
