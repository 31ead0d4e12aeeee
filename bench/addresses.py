"""Every page and every list of the API, each with the filters that people use: what `python -m bench pages` walks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import Engine, text

from webapp.queries.page import write_cursor

STATES = ("indexed", "missing", "stale", "failed", "orphaned", "not_eligible")
JOBS = ("queued", "running", "waiting", "cancelling", "completed", "completed_with_errors", "failed", "cancelled")
# What people type, common and rare, alone and together.
SEARCHES = (
    *("stopped", "traceback", "ticket 77", "sync everybody", "nosuchword", "stopped ticket"),
    *("#4711", "id:0a1b", "user:ana", "user:jorge status:failed", "error:cohere_timeout", "error:text_refused"),
    *(
        "person:ATS-0500000",
        "kind:etl after:2d",
        "kind:jobs before:2026-06-01 status:failed",
        "status:open",
        "-user:ana",
    ),
    "error:qdrant_slow status:cancelled stopped",
)
NAMES = (
    *("zulema", "quispe", "garcía", "ana garcía", "m", "emma smith taylor", "ATS-0500000", "ATS-05", "500000"),
    *("nobody of this name", "núñez"),
)
FILTERS: tuple[dict[str, str], ...] = (
    {"location": "Madrid"},
    {"location": "teruel"},
    {"location": "Atlantis"},
    {"skills": "Python,SQL"},
    {"skills": "Falconry"},
    {"languages": "es", "min_years": "39"},
    {"status": "archived"},
    {"min_years": "30", "location": "Bilbao", "skills": "Welding"},
    {"text": "zulema", "state": "indexed"},
    {"text": "garcía", "state": "missing"},
    {"location": "Madrid", "state": "stale"},
    {"skills": "Falconry", "state": "missing"},
)
ETL = "etl.sync"


class Address(NamedTuple):
    """One thing to ask for: `group` is the page it counts for; `form` makes it a POST that changes nothing."""

    group: str
    path: str
    form: dict[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.path} {urlencode(self.form)}" if self.form else self.path


class Facts(NamedTuple):
    """Ids that there are, and cursors from deep inside of the lists."""

    job: UUID  # the one with as many parts as there are for everybody
    ended: UUID
    bulk: UUID
    running: UUID
    person: int
    candidate: int
    deep: dict[str, str]
    year: str  # the first day that there are costs of
    today: str


def facts(engine: Engine) -> Facts:
    """Find out what the tables hold."""
    with engine.connect() as connection:

        def one(sql: str) -> Any:
            return connection.execute(text(sql)).one()

        middle = one("SELECT created_at, id FROM jobs WHERE number = (SELECT max(number) / 2 FROM jobs)")
        deep = {
            "jobs": write_cursor(*middle),
            "candidates": write_cursor(*one("SELECT max(id) / 2 FROM candidates")),
            "failures": write_cursor(*one("SELECT last_seen, id FROM failures WHERE id = 9000")),
            "audit": write_cursor(
                *one("SELECT at, id FROM audit_events WHERE id = (SELECT max(id) / 2 FROM audit_events)")
            ),
            "alerts": write_cursor(*one("SELECT fired_at, id FROM alerts WHERE id = 2500")),
            "records": write_cursor(80, 5000),
        }
        job = "SELECT id FROM jobs WHERE "
        return Facts(
            one(job + "number = 7")[0],
            one(job + "status = 'failed' ORDER BY created_at DESC LIMIT 1")[0],
            one("SELECT job_id FROM job_results LIMIT 1")[0],
            one(job + "status = 'running' ORDER BY created_at DESC LIMIT 1")[0],
            *one("SELECT max(id) FROM people"),
            *one("SELECT record_id FROM failures WHERE status = 'open' AND collection = 'bench_2' LIMIT 1"),
            deep,
            *one("SELECT min(day)::text, max(day)::text FROM spend"),
        )


def pages(known: Facts) -> Iterator[Address]:
    """Give the portal's pages."""
    for path in ("/", "/overview/live", "/queues", "/queues/live", "/workers", "/workers/live", "/settings", "/costs"):
        yield Address(path, path)
    for path in (
        "/sync/new",
        "/launches/etl.embed/new",
        "/password",
        "/people/new",
        "/tokens/new",
        "/login",
        "/readyz",
    ):
        yield Address("forms", path)
    for by in ("day", "kind", "person", "model", "job"):
        yield Address("/costs?from=", _url("/costs", **{"from": known.year, "to": known.today, "by": by}))
    yield from _jobs(known)
    yield from _job(known)
    yield from _candidates("/candidates", known, "text")
    yield Address("/candidates/<id>", f"/candidates/{known.candidate}")
    yield Address("/candidates/<id>", "/candidates/17")
    yield Address("forms", f"/candidates/{known.candidate}/corrections/new")
    yield Address("/search/checks", "/search/checks")
    yield Address("/audit", "/audit/150000")
    for words in NAMES:
        yield Address("/find", _url("/find", q=words))
    yield from _failures(known)
    yield from _audit("/audit", known)
    for more in ({}, {"cursor": known.deep["alerts"]}, {"rule": "job_stalled"}, {"state": "open"}):
        yield Address("/alerts", _url("/alerts", **more))
    yield Address("/alerts/live", "/alerts/live")
    for more in ({}, {"q": "Ana"}, {"role": "admin"}):
        yield Address("/people", _url("/people", **more))
    yield Address("/people/<id>", f"/people/{known.person}")
    for more in ({}, {"q": "nightly 4"}, {"state": "usable"}):
        yield Address("/tokens", _url("/tokens", **more))


def previews() -> Iterator[Address]:
    """Give what an act would do, as it is asked for before it is done; nothing is changed."""
    yield Address("/sync/previews", "/sync/previews", {"scope": "all"})
    for more in ({"force": "1"}, {"limit": "5000"}):
        yield Address("/sync/previews", "/sync/previews", {"scope": "all", **more})
    for name, value in (("location", "Teruel"), ("location", "Madrid"), ("skills", "Python"), ("min_years", "3")):
        yield Address("/sync/previews", "/sync/previews", {"scope": "filter", f"filter.{name}": value})
    for act in ("retry", "cancel"):
        yield Address("/jobs/bulk/new", "/jobs/bulk/new", {"act": act, "every": "1", "q": "status:failed"})
    yield Address("/failures/bulk/new", "/failures/bulk/new", {"act": "retry", "every": "1", "cause": "text_refused"})


def exports(known: Facts) -> Iterator[Address]:
    """Give the files: the time to their first bytes."""
    names = ("jobs", "failures", "audit", "alerts", "people", "tokens", "candidates", "costs", "queues", "workers")
    for name in names:
        yield Address(f"/{name}.csv, .json", f"/{name}.csv")
        yield Address(f"/{name}.csv, .json", f"/{name}.json")
    for of_job in ("records", "events"):
        yield Address("/jobs/<id>/….csv", f"/jobs/{known.job}/{of_job}.csv")
    yield Address("/candidates.csv, .json", "/candidates.csv?state=missing")
    yield Address("/jobs.csv, .json", _url("/jobs.csv", q="stopped"))
    yield Address("/failures.csv, .json", _url("/failures.csv", cause="text_refused"))


def api(known: Facts) -> Iterator[Address]:
    """Give the same for scripts, each as a page of 25 and of the most that one answer carries."""
    lists = {
        "jobs": [
            {"status": "failed"},
            {"q": "stopped"},
            {"kind": ETL, "cursor": known.deep["jobs"]},
            {"user": "nobody"},
        ],
        "failures": [{"group": "none"}, {"group": "none", "status": "any", "cursor": known.deep["failures"]}],
        "audit": [{"action": "job.cancel"}, {"cursor": known.deep["audit"]}],
        "alerts": [{"cursor": known.deep["alerts"]}],
        "people": [{"q": "Ana"}],
        "tokens": [{}],
    }
    for name, filters in lists.items():
        for more in ({}, *filters):
            for limit in ("25", "200"):
                yield Address(f"/v1/admin/{name}", _url(f"/v1/admin/{name}", **more, limit=limit))
    yield from _candidates("/v1/admin/candidates", known, "q")
    for path in ("coverage", "costs", "queues", "workers", "search/checks", "openapi.json"):
        yield Address(f"/v1/admin/{path}", f"/v1/admin/{path}")
    for path in (f"jobs/{known.job}", f"jobs/{known.job}/records", f"jobs/{known.job}/events"):
        yield Address("/v1/admin/jobs/<id> …", f"/v1/admin/{path}")
    yield Address("/v1/admin/candidates/<id>", f"/v1/admin/candidates/{known.candidate}")


def _jobs(known: Facts) -> Iterator[Address]:
    for path in ("/jobs", "/jobs/live"):
        for more in ({}, {"cursor": known.deep["jobs"]}, *({"status": status} for status in JOBS)):
            yield Address(path, _url(path, **more))
    for words in SEARCHES:
        yield Address("/jobs?q=", _url("/jobs", q=words))
        yield Address("/jobs?q=", _url("/jobs", q=words, status="failed"))
        yield Address("/jobs?q=", _url("/jobs", q=words, cursor=known.deep["jobs"]))


def _job(known: Facts) -> Iterator[Address]:
    for job in (known.job, known.ended, known.bulk, known.running):
        for more in ("", "/progress", "/parts", "/records", "/events"):
            yield Address(f"/jobs/<id>{more}", f"/jobs/{job}{more}")
    yield Address("/jobs/<id>/records", _url(f"/jobs/{known.job}/records", cursor=known.deep["records"]))
    yield Address("/jobs/compare", _url("/jobs/compare", a=str(known.job), b=str(known.ended)))


def _candidates(path: str, known: Facts, words: str) -> Iterator[Address]:
    for state in (None, *STATES):
        yield Address(path, _url(path, state=state))
        yield Address(path, _url(path, state=state, cursor=known.deep["candidates"]))
    for name in NAMES:
        yield Address(f"{path}?{words}=", _url(path, **{words: name}))
    if words == "text":
        for more in FILTERS:
            yield Address(f"{path}?filter", _url(path, **more))


def _failures(known: Facts) -> Iterator[Address]:
    deep = known.deep["failures"]
    for more in (
        *({}, {"all": "1"}, {"all": "1", "cursor": deep}, {"cause": "text_refused"}, {"cause": "qdrant_slow"}),
        *({"cause": "text_refused", "cursor": deep}, {"job": str(known.ended)}, {"cause": "no_such_cause"}),
        *({"window": "1h"}, {"window": "24h"}, {"window": "7d"}),
    ):
        yield Address("/failures", _url("/failures", **more))


def _audit(path: str, known: Facts) -> Iterator[Address]:
    for more in (
        *({}, {"cursor": known.deep["audit"]}, {"who": "Ana"}, {"who": "nobody"}, {"action": "job."}),
        *({"action": "job.cancel"}, {"action": "nothing"}, {"target": str(known.job)}, {"target": "person:7"}),
        *({"after": "2026-11-01"}, {"before": "2026-03-01"}, {"action": "session.login", "before": "2026-05-01"}),
        {"target": str(known.job)[:8], "action": "job."},
    ):
        yield Address(path, _url(path, **more))


def _url(path: str, **given: str | None) -> str:
    asked = urlencode({name: value for name, value in given.items() if value is not None})
    return f"{path}?{asked}" if asked else path
