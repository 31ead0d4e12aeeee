"""The import as a whole, into a real database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from core.access import Actor
from core.db import engine_for, sessions_for
from core.errors import Invalid, NotFound, Unavailable
from core.intake import ImportReport, Progress, importing
from core.intake.importing import import_file
from core.intake.report import MOST_REMARKS, Remark
from core.models import AuditEvent, Candidate

ANA = Actor("ana")
Import = Callable[..., ImportReport]


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    made = engine_for(database)
    yield made
    made.dispose()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return sessions_for(engine)


@pytest.fixture
def run(sessions: sessionmaker[Session], tmp_path: Path) -> Import:
    """Write what is given to a file and import it: bytes as they are, objects as JSON lines."""

    def run(*records: Any, name: str = "people.jsonl", **options: Any) -> ImportReport:
        lines = [record if isinstance(record, bytes) else json.dumps(record).encode() for record in records]
        path = tmp_path / name
        path.write_bytes(b"\n".join(lines) + b"\n")
        return import_file(sessions, path, actor=ANA, **options)

    return run


def person(n: int, **columns: Any) -> dict[str, Any]:
    return {"external_id": f"p-{n}", "full_name": f"Persona {n}", "headline": f"Cocinera {n}"} | columns


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.imported, report.updated, report.unchanged, report.rejected_total


def the_one(sessions: sessionmaker[Session], external_id: str = "p-1") -> Candidate:
    with sessions() as session:
        return session.scalars(select(Candidate).where(Candidate.external_id == external_id)).one()


def test_everything_that_a_line_gives_is_kept_as_it_is(run: Import, sessions: sessionmaker[Session]) -> None:
    columns = person(
        1,
        summary="=cmd()|' /C calc'!A0\n<script>{{7*7}}</script> 👩‍⚕️",
        skills=["SQL", "dbt"],
        experience=[{"title": "Chef", "years": 3, "places": ["A", None, 1.5]}],
        education="BSc",
        years_experience=4,
        location="Lugo",
        languages=["es"],
        status="placed",
        opted_out=True,
    )
    assert counts(run(columns)) == (1, 0, 0, 0)
    stored = the_one(sessions)
    assert {name: getattr(stored, name) for name in columns} == columns


def test_importing_again_touches_nobody(run: Import, sessions: sessionmaker[Session]) -> None:
    records = [person(n, skills=["SQL"], experience=[{"b": 1.0, "a": None}]) for n in range(5)]
    assert counts(run(*records)) == (5, 0, 0, 0)
    before = the_one(sessions).updated_at
    assert counts(run(*records)) == (0, 0, 5, 0)
    assert the_one(sessions).updated_at == before


def test_only_who_has_changed_is_updated(run: Import, sessions: sessionmaker[Session]) -> None:
    run(person(1), person(2))
    before = the_one(sessions, "p-2").updated_at
    assert counts(run(person(1, headline="Chef"), person(2), person(3))) == (1, 1, 1, 0)
    assert the_one(sessions).headline == "Chef"
    assert the_one(sessions, "p-2").updated_at == before


def test_what_a_file_does_not_give_stays_as_it_was(run: Import, sessions: sessionmaker[Session]) -> None:
    run(person(1, summary="Long story", location="Lugo", opted_out=True))
    assert counts(run({"external_id": "p-1", "full_name": "New Name"}, person(2, headline=None))) == (1, 1, 0, 0)
    stored = the_one(sessions)
    assert (stored.full_name, stored.summary, stored.location, stored.opted_out) == (
        "New Name",
        "Long story",
        "Lugo",
        True,
    )
    assert stored.status == "active"
    run(person(1, location=None))
    assert the_one(sessions).location is None


def test_bad_lines_are_named_and_the_rest_is_imported(run: Import, sessions: sessionmaker[Session]) -> None:
    report = run(
        person(1),
        b'{"external_id": "p-2", "full_name": ',
        person(3, skills="SQL"),
        person(4, summary="x" * 100_001),
        person(5, summary="a\x00b"),
        person(6, headline="a\ud800"),
        b'{"external_id": "p-7", "full_name": "Mu\xf1oz"}',
        {"full_name": "nobody"},
        person(9, years_experience=10**30),
        person(10, headline=None),
        person(1, headline="twice"),
        person(12),
    )
    assert counts(report) == (3, 0, 0, 9)
    assert [remark.line for remark in report.rejected] == [2, 3, 4, 5, 6, 7, 8, 9, 11]
    reasons = dict(report.rejected)
    assert "broken JSON" in reasons[2]
    assert "skills must be a list" in reasons[3]
    assert "100,000" in reasons[4]
    assert "NUL" in reasons[5]
    assert "surrogate" in reasons[6]
    assert "UTF-8" in reasons[7]
    assert "external_id is missing" in reasons[8]
    assert "too big" in reasons[9]
    assert reasons[11] == "the same external_id as on line 1"
    assert report.notes == [Remark(10, "no text: kept, but nothing to search for")]
    assert the_one(sessions).headline == "Cocinera 1"
    assert not the_one(sessions, "p-10").eligible


def test_a_person_who_comes_twice_is_named_however_far_apart(run: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH_ROWS", 2)
    report = run(*[person(n) for n in range(1, 8)], person(2, headline="again"), person(8), person(7), person(9))
    assert counts(report) == (9, 0, 0, 2)
    assert report.rejected == [
        Remark(8, "the same external_id as on line 2"),
        Remark(10, "the same external_id as on line 7"),
    ]


def test_a_long_text_is_kept_whole_with_a_note(run: Import, sessions: sessionmaker[Session]) -> None:
    report = run(person(1, summary="palabra " * 5000), person(2, summary="ñ" * 29_000))
    assert report.notes == [Remark(1, "a long text: only the first 30,000 characters are embedded")]
    assert len(the_one(sessions).summary or "") == 40_000


def test_columns_that_are_not_ours_are_named_once(run: Import) -> None:
    csv = b"external_id,full_name,headline,shoe_size,pet\np-1,Ana,Chef,38,cat\np-2,Eva,Cook,,dog"
    report = run(csv, name="people.csv")
    assert counts(report) == (2, 0, 0, 0)
    assert report.notes == [Remark(0, "columns that are not ours were left out: pet, shoe_size")]


def test_a_person_who_opted_out_stays_out_and_one_deleted_stays_deleted(
    run: Import, sessions: sessionmaker[Session]
) -> None:
    run(person(1), person(2))
    with sessions.begin() as session:
        session.execute(update(Candidate).where(Candidate.external_id == "p-1").values(opted_out=True))
        session.execute(update(Candidate).where(Candidate.external_id == "p-2").values(deleted_at=func.now()))
    run(person(1, headline="Chef"), person(2, headline="Chef"))
    assert not the_one(sessions, "p-1").eligible
    assert not the_one(sessions, "p-2").eligible


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("people.csv", b"external_id;full_name\np-1;Ana"),
        ("people.CSV", b"\xef\xbb\xbfexternal_id,full_name\r\np-1,Ana\r"),
        ("people", b"full_name\texternal_id\nAna\tp-1"),
        ("people.jsonl", b'{"external_id": "p-1", "full_name": "Ana"}'),
        ("people.json", b'{"external_id": "p-1", "full_name": "Ana"}\n{"external_id": "", "full_name": "x"}'),
        ("people.json", b'\n[\n{"external_id": "p-1",\n"full_name": "Ana"}]'),
        ("people.jsonl", b'[{"external_id": "p-1", "full_name": "Ana"}]'),
        ("people.ndjson", b'{\n"external_id": "p-1",\n"full_name": "Ana"}'),
        ("people.json", b'{"a": 1, oops}\n{"external_id": "p-1", "full_name": "Ana"}'),
        ("people.csv", b'{"basics": {"email": "p-1", "name": "Ana"}}'),
    ],
)
def test_the_content_says_what_a_file_is(
    run: Import, sessions: sessionmaker[Session], name: str, content: bytes
) -> None:
    assert run(content, name=name).imported == 1
    assert the_one(sessions).full_name == "Ana"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        ("external_id,full_name\n1,Ana".encode("utf-16"), "UTF-16"),
        (b"%PDF-1.7 \x00\x01", "external_id and full_name"),
        (b"\x00" * 100, "external_id and full_name"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused(run: Import, content: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        run(content, name="people.csv")


def test_a_file_that_is_not_there_is_said(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no file .*nobody\.csv"):
        import_file(sessions, tmp_path / "nobody.csv", actor=ANA)
    with pytest.raises(Invalid, match="cannot be read"):
        import_file(sessions, tmp_path, actor=ANA)


def test_an_import_leaves_one_audit_row(run: Import, sessions: sessionmaker[Session]) -> None:
    run(person(1), b"broken")
    with sessions() as session:
        event = session.scalars(select(AuditEvent)).one()
    assert (event.actor, event.action, event.target) == ("ana", "candidates.import", "people.jsonl")
    assert event.after == {"imported": 1, "updated": 0, "unchanged": 0, "rejected": 1, "finished": True}


def test_progress_is_told_after_each_batch(run: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH_ROWS", 10)
    told: list[Progress] = []
    run(*[person(n) for n in range(25)], progress=told.append)
    assert [progress.imported for progress in told] == [10, 20, 25]
    assert told[0].read < told[1].read < told[2].read == told[2].size


def test_an_import_that_is_broken_off_keeps_its_batches_and_says_so(
    run: Import, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH_ROWS", 10)

    def interrupt(progress: Progress) -> None:
        if progress.imported == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(*[person(n) for n in range(50)], progress=interrupt)
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Candidate)) == 20
        assert session.scalars(select(AuditEvent)).one().after == {
            "imported": 20,
            "updated": 0,
            "unchanged": 0,
            "rejected": 0,
            "finished": False,
        }


def test_a_database_that_goes_away_is_an_error_that_names_it(
    run: Import, sessions: sessionmaker[Session], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH_ROWS", 10)

    def cut(progress: Progress) -> None:
        with engine.begin() as other:
            others = "pid != pg_backend_pid() AND datname = current_database() AND usename = current_user"
            other.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))

    with pytest.raises(Unavailable, match="import the file again"):
        run(*[person(n) for n in range(50)], progress=cut)


def test_no_connection_is_left_behind(run: Import, engine: Engine) -> None:
    run(person(1))
    run(person(1))
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # of a QueuePool


def test_a_file_of_nothing_but_bad_lines_does_not_fill_the_memory(run: Import) -> None:
    report = run(*[b"x"] * (MOST_REMARKS + 5))
    assert report.rejected_total == MOST_REMARKS + 5
    assert len(report.rejected) == MOST_REMARKS
