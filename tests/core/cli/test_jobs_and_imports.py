"""`vigia import`, `sync` and `jobs`: work is launched, watched and listed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import func, select, update

from core.container import container
from core.jobs.publish import publish
from core.models import AuditEvent, Candidate, Job
from core.settings import Settings
from tests.core.cli.conftest import Vigia
from tests.core.stack.test_children import until

CSV = "external_id,full_name,headline\nA-1,Ana Ruiz,Data engineer\n,No Id,Nurse\nA-2,Luis Paz,Nurse\n"


@pytest.fixture(autouse=True)
def engines(on_engines: Callable[..., Settings]) -> None:
    """All of these need them."""


def test_an_import_names_bad_lines_and_keeps_the_rest(vigia: Vigia, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(CSV)
    done = vigia("import", str(file))
    assert (done.code, done.out) == (0, "2 imported, 0 updated, 0 unchanged, 1 rejected\n")
    assert "line 3: rejected:" in done.err
    assert vigia("import", str(file)).out == "0 imported, 0 updated, 2 unchanged, 1 rejected\n"
    with container().sessions() as session:
        assert set(session.scalars(select(Candidate.external_id))) == {"A-1", "A-2"}
        assert session.scalars(select(AuditEvent.action)).first() == "candidates.import"


def test_an_import_of_which_nothing_can_be_used_fails(vigia: Vigia, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("external_id,full_name\n,Nobody\n")
    assert vigia("import", str(file)).code == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("people.json", ""),
        ("people.json", " \n"),
        ("people.json", "[]"),
        ("people.json", "[\n]\n"),
        ("people.csv", "external_id,full_name\n"),
    ],
)
def test_an_import_of_nobody_fails_and_says_so(vigia: Vigia, tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    done = vigia("import", str(file))
    assert (done.code, "the file is empty" in done.err or "the file holds nobody" in done.err) == (1, True)


def test_a_file_that_is_not_there_is_told(vigia: Vigia, tmp_path: Path) -> None:
    missing = vigia("import", str(tmp_path / "nothing.csv"))
    assert (missing.code, missing.out) == (1, "")
    assert "there is no file" in missing.err
    assert "Traceback" not in missing.err


def test_a_sync_prints_its_job_and_the_same_one_while_it_is_open(vigia: Vigia) -> None:
    first = vigia("sync", "--limit", "5")
    again = vigia("sync", "--limit", "5")
    assert first.code == again.code == 0
    assert uuid.UUID(first.out.strip()) == uuid.UUID(again.out.strip())
    assert "not over yet" in again.err
    with container().sessions() as session:
        job = session.scalars(select(Job)).one()
        assert (job.payload["limit"], job.requested_by[:4]) == (5, "cli:")


@pytest.mark.parametrize(
    ("status", "code"), [("completed", 0), ("completed_with_errors", 3), ("failed", 1), ("cancelled", 4)]
)
def test_a_sync_that_is_waited_for_ends_as_its_job_does(vigia: Vigia, redis: Redis, status: str, code: int) -> None:
    with ThreadPoolExecutor(1) as thread:
        ended = thread.submit(_end_the_job_that_comes, redis, status)
        done = vigia("sync", "--wait")
        ended.result()
    assert done.code == code
    assert f"{status.replace('_', ' ')}: 7 done, 0 skipped, 2 failed" in done.err
    assert "the cure" in done.err


def test_jobs_are_listed_newest_first(vigia: Vigia) -> None:
    assert "No job was launched yet" in vigia("jobs").out
    ids = [vigia("sync", "--limit", str(limit)).out.strip() for limit in (1, 2)]
    lines = vigia("jobs").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ids[::-1]
    assert all("No worker listens on jobs:etl." in line for line in lines[1:])
    assert "queued" in lines[1]
    assert len(vigia("jobs", "--limit", "1").out.splitlines()) == 2


def _end_the_job_that_comes(redis: Redis, status: str) -> None:
    """Do what a worker does to a job, as far as somebody who watches sees it."""
    with container().sessions() as session:
        found: list[Job] = []

        def launched() -> bool:
            session.rollback()
            found[:] = session.scalars(select(Job)).all()
            return bool(found)

        assert until(launched)
        values = {"status": status, "total": 9, "done": 7, "failed": 2, "error_detail": "the cure", "title": "x"}
        # A later time, as each change of a job has: else the launch's own copy might come after this one and stay.
        session.execute(update(Job).values(values | {"updated_at": func.clock_timestamp()}))
        session.commit()
        redis.delete(f"job:{found[0].id}")  # the ledger knows when Redis does not
        publish(session, redis, found[0].id)
