"""Something of everything that pages show, in the words of the engine; what people wrote is of no language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from core.models import Alert, Hold, Job, JobResult, SearchCheck, WorkerOrder
from tests.webapp import factories
from tests.webapp.views.test_overview import compare

TOLD, NAME = "Zzyx qwv", "Qwx Vzk"
WORKER = "w-7-0a1b"
SOON = datetime.now(UTC) + timedelta(days=1)
UNTIL = f"{SOON:%Y-%m-%d %H:%M:%S} UTC"
KEY = "Cohere refuses the key: put a valid one into COHERE_API_KEY and restart (401)"
UNWELL = "Cohere is unwell (503) (attempt 2 of 6 is next)"

JOBS: dict[str, dict[str, Any]] = {
    "queued": {"title": "Sync everybody not indexed with location Zzyx, min_years 3, at most 1,000"},
    "late": {
        "status": "queued",
        "title": "Embed 2 chosen people",
        "message": f"{NAME} has 3 jobs going on, the most of one person at once (JOBS_PER_USER_AT_ONCE). "
        "This one begins when one of them ends.",
    },
    "running": {
        "title": "Index everybody again",
        "message": f"Waits until {UNTIL}: {UNWELL}. 1 of 4 parts wait, the others go on.",
    },
    "waiting": {"title": "Embed person 7", "message": f"Waiting for Cohere until {UNTIL} (429)."},
    "cancelling": {"title": "Sync everybody not indexed", "message": "Stopping; what is in hand ends first."},
    "cancelled": {"title": "Retry all jobs", "message": "Cancelled. 3 of 9 are done and stay so."},
    "failed": {
        "title": f"Discard the failures with cause text_refused, job {TOLD}",
        "message": KEY,
        "error_code": "cohere_key_refused",
        "error_detail": KEY,
    },
    "completed": {"title": f"Cancel the jobs that match “{TOLD}”"},
    "mended": {"status": "completed_with_errors", "title": "Sync everybody not indexed", "retry": True},
}
EVENTS = (
    f"{NAME} launched the job: {TOLD}",
    "1,012 records in 4 parts. 3 more are in the hands of other jobs.",
    f"{WORKER} took part 3, attempt 2.",
    f"Waits until {UNTIL}: Qdrant does not answer (ReadTimeout): is it running at QDRANT_URL?. From now on tried "
    "every 5 s.",
    f"{WORKER} stopped answering with part 2.",
    "Part 2 killed its worker 3 times; its records may be too large, or one crashes us.",
    f"Part 1 was handed back after 4 of 96 records: {NAME} paused the queue.",
    f"Gave up after 6 tries: {UNWELL.partition(' (a')[0]}",
    "The budget of 12.00 USD for November is used up (12.50 USD): set MONTHLY_BUDGET higher, or it goes on by itself "
    "on 1 December.",
    "Completed with errors. 2 of 4 failed; the others are done.",
)
FAILURES = (
    {"cause": "text_empty", "step": "extract", "reason": "The profile has no text to search by."},
    {"cause": "text_refused", "reason": "Cohere refuses the text (400): no reason given"},
    {"cause": "record_unreadable", "step": "extract", "reason": "The record cannot be read (RecursionError)."},
    {"cause": "text_without_meaning", "reason": "the model finds nothing in the text"},
)
ALERTS = (
    ("queue_deep", "jobs:etl", "1,200 jobs and parts wait in jobs:etl; more than 1,000 are too many.",
     "Start more workers, on as many machines as you like: vigia worker"),
    ("key_refused", "Cohere", f"Cohere refuses the key, last at {UNTIL}.",
     "Put a valid one into COHERE_API_KEY and restart (401). Then retry the jobs that failed."),
    ("engine_away", "Redis", "Redis does not answer.",
     "Jobs are kept in PostgreSQL and go on by themselves; start Redis, or correct REDIS_URL. `vigia doctor` says "
     "more."),
    ("dead_letters", "", "40 records were set aside within 10 minutes.",
     "Mend their cause, which stands beside each, and retry them."),
)  # fmt: skip
RESULTS = (
    ("done", "Retried by a new job."),
    ("skipped", "This job is over already: completed with errors."),
    ("failed", "What it was launched with cannot be read any more. Launch it anew."),
)


def fill(session: Session) -> dict[str, Any]:
    """Write it all; return what addresses name."""
    people = [
        factories.make_candidate(session, full_name=NAME, headline=TOLD, summary=TOLD, status=NAME) for _ in FAILURES
    ]
    jobs = {name: _job(session, name, values) for name, values in JOBS.items()}
    job = jobs["mended"]
    for message in EVENTS:
        factories.make_event(session, job, message)
    for person, values in zip(people, FAILURES, strict=True):
        factories.make_failure(session, job, person.id, **values)
    factories.make_failure(session, job, None, part=0, cause="cohere_unwell", reason=f"Gave up after 6 tries: {UNWELL}")
    _parts(session, jobs, [person.id for person in people])
    bulk = _job(session, "bulk", {"status": "completed", "kind": "jobs.bulk", "title": "Retry 1,200 chosen jobs"})
    session.add_all(
        JobResult(job_id=bulk.id, record_id=n, outcome=outcome, sentence=sentence)
        for n, (outcome, sentence) in enumerate(RESULTS)
    )
    _watched(session, people[0].id)
    found = factories.make_candidate(session, full_name=NAME, summary=TOLD, status=NAME)
    factories.make_place(session, found)
    factories.make_spend(session, job.id, day=datetime.now(UTC).date(), inputs=40, tokens=4_000_000)
    made = {
        "candidate": people[0].id,
        "found": found.id,
        "token": factories.make_token(session, name=NAME).id,
        "person": factories.make_person(session, name=f"{NAME} 2").id,
        "act": factories.make_act(session, actor=NAME, before={"x": NAME}, after={"title": job.title}).id,
        "bulk": bulk.id,
    }
    session.commit()
    compare(session)
    return {name: job.id for name, job in jobs.items()} | made


def _job(session: Session, name: str, values: dict[str, Any]) -> Job:
    values = {"status": name, "requested_by": NAME, "total": 9, "done": 3, "model": "embed-v4.0"} | values
    ended = values["status"] in ("cancelled", "failed", "completed", "completed_with_errors")
    begun = values["status"] != "queued"
    if values.pop("retry", False):
        step = {"name": "embed", "status": "done", "total": 4, "done": 2, "skipped": 1, "failed": 1}
        values |= {"reason": TOLD, "payload": {"limit": 4, "force": True, "filter": {"min_years": 3}}, "steps": [step]}
        values |= {"total": 4, "done": 2, "skipped": 1, "failed": 1}
    return factories.make_job(
        session,
        started_at=factories.START if begun else None,
        split_at=factories.START if begun else None,
        finished_at=datetime.now(UTC) if ended else None,
        **values,
    )


def _parts(session: Session, jobs: dict[str, Job], ids: list[int]) -> None:
    """Give jobs parts in every state."""
    factories.make_part(session, jobs["mended"], ids, status="done", done=2, skipped=1, failed=1)
    running = jobs["running"]
    held = {"status": "running", "holder": WORKER, "claimed_at": datetime.now(UTC) - timedelta(minutes=3), "done": 1}
    factories.make_part(session, running, ids, n=0, **held)
    factories.make_part(session, running, ids, n=1, status="waiting", message=UNWELL, not_before=SOON)
    factories.make_part(session, running, ids, n=2, message="recovering: its worker died", deaths=1)
    factories.make_part(session, running, ids, n=3, message="handed back, goes on soon")
    waits = f"waiting for Cohere until {UNTIL} (429)"
    factories.make_part(session, jobs["waiting"], ids, status="waiting", message=waits, not_before=SOON)
    stopped = {"status": "failed", "message": "The job was stopped before this part was done."}
    factories.make_part(session, jobs["failed"], ids, **stopped)


def _watched(session: Session, missed: int) -> None:
    for n, (rule, subject, sentence, cure) in enumerate(ALERTS):
        over = datetime.now(UTC) if n == len(ALERTS) - 1 else None
        session.add(Alert(rule=rule, subject=subject, sentence=sentence, cure=cure, cleared_at=over))
    session.add(Hold(name="cohere", until=SOON, reason=f"waiting for Cohere until {UNTIL} (429)"))
    session.add(WorkerOrder(worker=WORKER, what="drain", given_by=NAME, reason=TOLD))
    person = {"id": missed, "rank": None, "ms": 2.0}
    values = {"requested_by": NAME, "collection": "c1", "model": "embed-v4.0", "k": 10, "p50_ms": 4.2, "p95_ms": 34.0}
    session.add(SearchCheck(asked=1, found=0, people=[person], **values))
